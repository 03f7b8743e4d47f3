// Lists that grow and never shrink, so that a signal handler can walk them at any moment.
#ifndef ACT_SIGNALS_REGISTRY_H
#define ACT_SIGNALS_REGISTRY_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct act_entry {
  struct act_entry *next;
  /// An entry in use is shown to handlers; one that is taken but not shown is being written.
  atomic_bool taken, shown;
  uintptr_t start;
  size_t count;
  char text[PATH_MAX];
};

struct act_registry {
  _Atomic(struct act_entry *) first;
};

/// An entry of this content, shown; NULL where memory is short. Text that is too long is cut.
struct act_entry *act_registry_add(struct act_registry *registry, uintptr_t start, size_t count,
                                   const char *text);

void act_registry_remove(struct act_entry *entry);

extern struct act_registry act_mappings, act_temporaries;

#endif
