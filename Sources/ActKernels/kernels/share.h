// How a kernel splits its items between workers.
#ifndef ACT_SHARE_H
#define ACT_SHARE_H

#include "act_kernels.h"

typedef struct {
  int64_t begin, end;
} share;

// The contiguous share of one worker in `count` items; shares differ by at most one item.
static inline share share_of(int64_t count, int worker, int workers) {
  int64_t each = count / workers, more = count % workers;
  int64_t begin = each * worker + (worker < more ? worker : more);
  return (share){begin, begin + each + (worker < more ? 1 : 0)};
}

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

#endif
