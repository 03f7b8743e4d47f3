// What a CPU can do at most, as kernels: a task for every worker, to be timed by the caller.
#ifndef LIMITS_OF_CPU_H
#define LIMITS_OF_CPU_H

#include <stddef.h>
#include <stdint.h>

// f32 multiply-adds of registers, in the widest vectors that this CPU has.
typedef struct {
  int64_t rounds;
} limit_fma_args;
void limit_fma(const void *args, int worker, int workers);
// Multiply-adds of one worker in one round.
int limit_fma_per_round(void);

// Reads a worker's share of `bytes` bytes; data is aligned to 64 bytes.
typedef struct {
  const void *data;
  size_t bytes;
} limit_read_args;
void limit_read(const void *args, int worker, int workers);

#endif
