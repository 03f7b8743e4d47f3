#define _GNU_SOURCE
#include "act_threads.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

int act_affinity_get(uint8_t *bits, size_t bytes) {
  // The kernel writes whole words.
  cpu_set_t set[16];
  memset(set, 0, sizeof set);
  memset(bits, 0, bytes);
  if (sched_getaffinity(0, sizeof set, set) != 0) return errno;
  memcpy(bits, set, bytes < sizeof set ? bytes : sizeof set);
  return 0;
}

int act_affinity_set(const uint8_t *bits, size_t bytes) {
  cpu_set_t set[16];
  memset(set, 0, sizeof set);
  memcpy(set, bits, bytes < sizeof set ? bytes : sizeof set);
  return sched_setaffinity(0, sizeof set, set) == 0 ? 0 : errno;
}

int act_current_processor(void) { return sched_getcpu(); }

int act_move_to(int processor) {
  cpu_set_t before[16], there[16];
  memset(there, 0, sizeof there);
  CPU_SET_S((size_t)processor, sizeof there, there);
  if (sched_getaffinity(0, sizeof before, before) != 0) return errno;
  if (sched_setaffinity(0, sizeof there, there) != 0) return errno;
  return sched_setaffinity(0, sizeof before, before) == 0 ? 0 : errno;
}
