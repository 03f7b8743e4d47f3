#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/// Counts the allocations of all threads from now on.
///
/// A program that this is linked into has its own `malloc`, `calloc`, `realloc`, `posix_memalign`, `aligned_alloc`
/// and `memalign`, which count while counting is on and then ask glibc's.
void allocation_counter_start(void);

/// Ends counting and returns how many allocations there were.
long allocation_counter_stop(void);

#endif
