#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "act_signals.h"
#include "registry.h"

// Two lines in turn, so that a handler never sees one half written.
static char farewells[2][1024];
static atomic_int farewell = 0;

static char tool_name[64];
static int bad_file_status;
static atomic_flag ending = ATOMIC_FLAG_INIT;

void act_farewell_set(const char *line) {
  int other = 1 - atomic_load(&farewell);
  strncpy(farewells[other], line ? line : "", sizeof farewells[other] - 1);
  atomic_store(&farewell, other);
}

void act_farewell_get(char *out, size_t capacity) {
  strncpy(out, farewells[atomic_load(&farewell)], capacity - 1);
  out[capacity - 1] = 0;
}

static void say(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t count = write(STDERR_FILENO, text, left);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text += count;
    left -= (size_t)count;
  }
}

/// Lets the first thread through that comes here, and no other.
static void enter(void) {
  while (atomic_flag_test_and_set(&ending)) pause();
}

static void remove_temporaries(void) {
  // Directories last: they go when they are empty.
  for (int removes_directories = 0; removes_directories < 2; removes_directories++) {
    for (struct act_entry *entry = atomic_load(&act_temporaries.first); entry; entry = entry->next) {
      if (!atomic_load(&entry->shown)) continue;
      if (removes_directories)
        rmdir(entry->text);
      else
        unlink(entry->text);
    }
  }
}

static void say_farewell(void) {
  const char *line = farewells[atomic_load(&farewell)];
  if (*line == 0) return;
  say(tool_name);
  say(": ");
  say(line);
  say("\n");
}

/// Ends the process as the signal would have ended it.
static void end_by(int number) {
  signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  raise(number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  _exit(128 + number);
}

static atomic_int catches_interrupts, interrupted;

void act_interrupts_catch(int catches) {
  atomic_store(&interrupted, 0);
  atomic_store(&catches_interrupts, catches);
}

int act_interrupted(void) { return atomic_load(&interrupted); }

static void handle_end(int number) {
  if (number == SIGINT && atomic_load(&catches_interrupts)) {
    atomic_store(&interrupted, 1);
    return;
  }
  enter();
  remove_temporaries();
  // Whoever closed the pipe reads no more.
  if (number != SIGPIPE) say_farewell();
  end_by(number);
}

static void handle_bus(int number, siginfo_t *info, void *context) {
  (void)context;
  enter();
  remove_temporaries();
  uintptr_t address = (uintptr_t)info->si_addr;
  for (struct act_entry *entry = atomic_load(&act_mappings.first); entry; entry = entry->next) {
    if (!atomic_load(&entry->shown) || address - entry->start >= entry->count) continue;
    say(tool_name);
    say(": error: ");
    say(entry->text);
    say(": was truncated or could not be read while it was in use; keep files as they are while a tool "
        "runs\n");
    _exit(bad_file_status);
  }
  end_by(number);
}

void act_signals_install(const char *tool, int bad_file) {
  strncpy(tool_name, tool, sizeof tool_name - 1);
  bad_file_status = bad_file;

  struct sigaction action = {.sa_sigaction = handle_bus, .sa_flags = SA_SIGINFO};
  sigfillset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);

  const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction before;
    if (sigaction(numbers[i], NULL, &before) != 0 || before.sa_handler == SIG_IGN) continue;
    struct sigaction end = {.sa_handler = handle_end};
    sigfillset(&end.sa_mask);
    sigaction(numbers[i], &end, NULL);
  }
}
