// Prints, as one line of JSON, what this machine gives right now: read bandwidth and f32 multiply-adds, with one pinned
// thread and with all that were asked for.
//
//   probe [THREADS]    default: 2
//
//   {"isa": "avx512", "read_gb_per_s": {"1": 15.7, "2": 31.8}, "fma_gflop_per_s": {"1": 175.0, "2": 351.0}}
//
// Reading goes over 512 MiB a thread, more than any cache holds; a figure is the best of five passes.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { PASSES = 5, MAXIMUM_THREADS = 256 };
static const size_t bytes_per_thread = (size_t)512 << 20;
static const long multiply_adds = 40 * 1000 * 1000;

typedef struct {
  float (*read)(const float *, size_t);
  float (*fma)(long rounds);
  // f32 multiply-adds of one round.
  int lanes;
  const char *name;
} Level;

enum { CHAINS = 12 };

static float read_portable(const float *data, size_t count) {
  float sums[16] = {0};
  for (size_t i = 0; i < count; i += 16)
    for (int k = 0; k < 16; k++) sums[k] += data[i + k];
  float sum = 0;
  for (int k = 0; k < 16; k++) sum += sums[k];
  return sum;
}

static float fma_portable(long rounds) {
  typedef float Vector __attribute__((vector_size(16)));
  Vector chains[CHAINS], factor = {.5f, .5f, .5f, .5f};
  for (int c = 0; c < CHAINS; c++) chains[c] = factor * (float)c;
  for (long i = 0; i < rounds; i++)
    for (int c = 0; c < CHAINS; c++) chains[c] = chains[c] * factor + factor;
  float sum = 0;
  for (int c = 0; c < CHAINS; c++) sum += chains[c][0];
  return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static float read_avx2(const float *data, size_t count) {
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
  for (size_t i = 0; i < count; i += 32) {
    a = _mm256_add_ps(a, _mm256_load_ps(data + i));
    b = _mm256_add_ps(b, _mm256_load_ps(data + i + 8));
    c = _mm256_add_ps(c, _mm256_load_ps(data + i + 16));
    d = _mm256_add_ps(d, _mm256_load_ps(data + i + 24));
  }
  return _mm256_cvtss_f32(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
}

__attribute__((target("avx2,fma"))) static float fma_avx2(long rounds) {
  __m256 chains[CHAINS], factor = _mm256_set1_ps(.5f);
  for (int c = 0; c < CHAINS; c++) chains[c] = _mm256_set1_ps((float)c);
  for (long i = 0; i < rounds; i++)
    for (int c = 0; c < CHAINS; c++) chains[c] = _mm256_fmadd_ps(chains[c], factor, factor);
  float sum = 0;
  for (int c = 0; c < CHAINS; c++) sum += _mm256_cvtss_f32(chains[c]);
  return sum;
}

__attribute__((target("avx512f"))) static float read_avx512(const float *data, size_t count) {
  __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
  for (size_t i = 0; i < count; i += 64) {
    a = _mm512_add_ps(a, _mm512_load_ps(data + i));
    b = _mm512_add_ps(b, _mm512_load_ps(data + i + 16));
    c = _mm512_add_ps(c, _mm512_load_ps(data + i + 32));
    d = _mm512_add_ps(d, _mm512_load_ps(data + i + 48));
  }
  return _mm512_cvtss_f32(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
}

__attribute__((target("avx512f"))) static float fma_avx512(long rounds) {
  __m512 chains[CHAINS], factor = _mm512_set1_ps(.5f);
  for (int c = 0; c < CHAINS; c++) chains[c] = _mm512_set1_ps((float)c);
  for (long i = 0; i < rounds; i++)
    for (int c = 0; c < CHAINS; c++) chains[c] = _mm512_fmadd_ps(chains[c], factor, factor);
  float sum = 0;
  for (int c = 0; c < CHAINS; c++) sum += _mm512_cvtss_f32(chains[c]);
  return sum;
}
#endif

static Level best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return (Level){read_avx512, fma_avx512, 16, "avx512"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return (Level){read_avx2, fma_avx2, 8, "avx2"};
#endif
  return (Level){read_portable, fma_portable, 4, "portable"};
}

typedef struct {
  Level level;
  const float *data;
  int cpu;
  pthread_barrier_t *barrier;
  double reading, computing;
  float result;
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
    worker->result += worker->level.read(worker->data, bytes_per_thread / sizeof(float));
    pthread_barrier_wait(worker->barrier);
    double elapsed = now() - start;
    if (elapsed < worker->reading) worker->reading = elapsed;
    pthread_barrier_wait(worker->barrier);
    start = now();
    worker->result += worker->level.fma(multiply_adds / CHAINS);
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

static void measure(Level level, const float *data, int threads, double *read, double *fma) {
  static Worker workers[MAXIMUM_THREADS];
  pthread_t handles[MAXIMUM_THREADS];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int i = 0; i < threads; i++) {
    const float *part = data + (size_t)i * (bytes_per_thread / sizeof(float));
    workers[i] = (Worker){.level = level, .data = part, .cpu = processor(i), .barrier = &barrier};
    if (pthread_create(&handles[i], NULL, work, &workers[i]) != 0) {
      fprintf(stderr, "probe: error: cannot start %d threads\n", threads);
      exit(1);
    }
  }
  for (int i = 0; i < threads; i++) pthread_join(handles[i], NULL);
  pthread_barrier_destroy(&barrier);
  *read = (double)bytes_per_thread * threads / workers[0].reading * 1e-9;
  double operations = 2.0 * level.lanes * (double)(multiply_adds / CHAINS * CHAINS) * threads;
  *fma = operations / workers[0].computing * 1e-9;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 2;
  if (count > 2 || threads < 1 || threads > MAXIMUM_THREADS) {
    fprintf(stderr, "usage: probe [THREADS], 1 to %d\n", MAXIMUM_THREADS);
    return 2;
  }
  size_t size = bytes_per_thread * (size_t)threads;
  float *data = aligned_alloc(4096, size);
  if (data == NULL) {
    fprintf(stderr, "probe: error: no memory for %zu bytes\n", size);
    return 1;
  }
  // Written, as untouched pages would all read the same zero page.
  memset(data, 1, size);
  Level level = best_level();
  double read_one, fma_one, read_all, fma_all;
  measure(level, data, 1, &read_one, &fma_one);
  measure(level, data, threads, &read_all, &fma_all);
  printf("{\"isa\": \"%s\", \"read_gb_per_s\": {\"1\": %.2f, \"%d\": %.2f}, ", level.name, read_one, threads, read_all);
  printf("\"fma_gflop_per_s\": {\"1\": %.1f, \"%d\": %.1f}}\n", fma_one, threads, fma_all);
  free(data);
  return 0;
}
