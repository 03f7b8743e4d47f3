// Prints, as one line of JSON, what this machine gives right now: read bandwidth and f32 multiply-adds, with one pinned
// thread and with as many as were given.
//
//   probe [THREADS]    default: 2
//
//   {"read_gb_per_s": {"1": 15.7, "2": 31.8}, "fma_gflop_per_s": {"1": 175.0, "2": 351.0}}
//
// Reading goes over 512 MiB a thread, more than any cache holds; a figure is the best of five passes.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limits_of_cpu.h"

enum { PASSES = 5, MAXIMUM_THREADS = 256 };
static const size_t bytes_per_thread = (size_t)512 << 20;
static const int64_t rounds = 4 * 1000 * 1000;

typedef struct {
  const char *data;
  int cpu;
  pthread_barrier_t *barrier;
  double reading, computing;
} Worker;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *work(void *argument) {
  Worker *worker = argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(worker->cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  worker->reading = worker->computing = 1e9;
  for (int pass = 0; pass < PASSES; pass++) {
    pthread_barrier_wait(worker->barrier);
    double start = now();
    limit_read(&(limit_read_args){worker->data, bytes_per_thread}, 0, 1);
    pthread_barrier_wait(worker->barrier);
    double elapsed = now() - start;
    if (elapsed < worker->reading) worker->reading = elapsed;
    pthread_barrier_wait(worker->barrier);
    start = now();
    limit_fma(&(limit_fma_args){rounds}, 0, 1);
    pthread_barrier_wait(worker->barrier);
    elapsed = now() - start;
    if (elapsed < worker->computing) worker->computing = elapsed;
  }
  return NULL;
}

// The n-th processor that this process may use, so that a restricted affinity is respected.
static int processor(int n) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return n;
  int allowed = CPU_COUNT(&set), wanted = n % allowed;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set) && wanted-- == 0) return cpu;
  return 0;
}

static void measure(const char *data, int threads, double *read, double *fma) {
  static Worker workers[MAXIMUM_THREADS];
  pthread_t handles[MAXIMUM_THREADS];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int i = 0; i < threads; i++) {
    const char *part = data + (size_t)i * bytes_per_thread;
    workers[i] = (Worker){.data = part, .cpu = processor(i), .barrier = &barrier};
    if (pthread_create(&handles[i], NULL, work, &workers[i]) != 0) {
      fprintf(stderr, "probe: error: cannot start %d threads\n", threads);
      exit(1);
    }
  }
  for (int i = 0; i < threads; i++) pthread_join(handles[i], NULL);
  pthread_barrier_destroy(&barrier);
  *read = (double)bytes_per_thread * threads / workers[0].reading * 1e-9;
  double operations = 2.0 * limit_fma_per_round() * (double)rounds * threads;
  *fma = operations / workers[0].computing * 1e-9;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 2;
  if (count > 2 || threads < 1 || threads > MAXIMUM_THREADS) {
    fprintf(stderr, "usage: probe [THREADS], 1 to %d\n", MAXIMUM_THREADS);
    return 2;
  }
  size_t size = bytes_per_thread * (size_t)threads;
  char *data = aligned_alloc(4096, size);
  if (data == NULL) {
    fprintf(stderr, "probe: error: no memory for %zu bytes\n", size);
    return 1;
  }
  // Written, as untouched pages would all read the same zero page.
  memset(data, 1, size);
  double read_one, fma_one, read_all, fma_all;
  measure(data, 1, &read_one, &fma_one);
  measure(data, threads, &read_all, &fma_all);
  printf("{\"read_gb_per_s\": {\"1\": %.2f, \"%d\": %.2f}, ", read_one, threads, read_all);
  printf("\"fma_gflop_per_s\": {\"1\": %.1f, \"%d\": %.1f}}\n", fma_one, threads, fma_all);
  free(data);
  return 0;
}
