// What a process does when a signal ends it: names the file that was truncated under it, removes what is half
// written, and says what was kept. Everything that a handler reads is registered beforehand; a handler allocates
// nothing and takes no lock.
#ifndef ACT_SIGNALS_H
#define ACT_SIGNALS_H

#include <stddef.h>

/// Installs the handlers. `tool` begins the messages, and `bad_file` is the exit code of a file that is truncated while
/// it is in use. Signals that the parent has set to be ignored stay ignored.
void act_signals_install(const char *tool, int bad_file);

/// Registers a mapped file under `name`, in which nothing needs escaping. The result goes to
/// `act_mapping_remove`; it is NULL where memory is short, and the file then stays without a name.
void *act_mapping_add(const void *start, size_t count, const char *name);

/// Forgets a mapping; to be called before it is unmapped.
void act_mapping_remove(void *mapping);

/// Registers a file, or an empty directory, to be removed when a signal ends the process. The result goes to
/// `act_temporary_forget`; it is NULL where memory is short.
void *act_temporary_add(const char *path);

void act_temporary_forget(void *temporary);

/// From now on SIGINT ends nothing, and is remembered instead; with 0 it ends the process again.
void act_interrupts_catch(int catches);

/// Whether SIGINT has come since it was last caught or let go.
int act_interrupted(void);

/// Sets the line that follows when a signal or an error ends the process; NULL for none. At most 1,023 bytes.
void act_farewell_set(const char *line);

/// Copies that line, or nothing, with the zero at its end.
void act_farewell_get(char *out, size_t capacity);

#endif
