// What a thread pool asks of the CPU and of Linux.
#ifndef ACT_THREADS_H
#define ACT_THREADS_H

#include <stddef.h>
#include <stdint.h>

// The affinity mask of the calling thread, one bit a processor: 0, or an errno value.
int act_affinity_get(uint8_t *bits, size_t bytes);
int act_affinity_set(const uint8_t *bits, size_t bytes);

// The processor that the calling thread is on, or -1.
int act_current_processor(void);

// Moves the calling thread to a processor and leaves its affinity as it was: 0, or an errno value.
int act_move_to(int processor);

// Tells the CPU that this thread spins.
static inline void act_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
