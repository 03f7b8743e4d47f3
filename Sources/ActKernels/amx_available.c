// Whether AMX works here: flags, the operating system's permission, and a trial, since virtual machines may
// show flags of what they do not run, or hide the leaves that describe tiles.
#if defined(__x86_64__)
#define _GNU_SOURCE
#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "levels.h"

static sigjmp_buf not_there;
static void leave(int signal) { siglongjmp(not_there, signal); }

// Configures palette 1, whose tile 0 is 16 rows of 64 bytes, and zeroes it.
static int trial(void) {
  struct sigaction guard, before[2];
  memset(&guard, 0, sizeof guard);
  guard.sa_handler = leave;
  sigaction(SIGILL, &guard, &before[0]);
  sigaction(SIGSEGV, &guard, &before[1]);
  volatile int works = 0;
  if (sigsetjmp(not_there, 1) == 0) {
    _Alignas(64) uint8_t configuration[64] = {1};
    configuration[16] = 64, configuration[48] = 16;
    // ldtilecfg, tilezero of tile 0 and tilerelease, as bytes for assemblers that do not know them.
    __asm__ volatile(
        ".byte 0xc4, 0xe2, 0x78, 0x49, 0x00\n\t"
        ".byte 0xc4, 0xe2, 0x7b, 0x49, 0xc0\n\t"
        ".byte 0xc4, 0xe2, 0x78, 0x49, 0xc0"
        :
        : "a"(configuration), "m"(configuration));
    works = 1;
  }
  sigaction(SIGILL, &before[0], NULL);
  sigaction(SIGSEGV, &before[1], NULL);
  return works;
}

static int look(void) {
  unsigned a, b, c, d;
  enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, AMX_INT8 = 1 << 25, OSXSAVE = 1 << 27 };
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & OSXSAVE)) return 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const unsigned wanted = AMX_BF16 | AMX_TILE | AMX_INT8;
  if ((d & wanted) != wanted) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const uint32_t tile_state = 3u << 17;
  if ((low & tile_state) != tile_state) return 0;
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 && trial();
}

int act_amx_available(void) {
  static int known;  // 1: no, 2: yes
  int state = __atomic_load_n(&known, __ATOMIC_ACQUIRE);
  if (!state) {
    state = 1 + look();
    __atomic_store_n(&known, state, __ATOMIC_RELEASE);
  }
  return state == 2;
}
#endif
