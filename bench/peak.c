#define _GNU_SOURCE
// What this machine can do at best: prints GFLOP/s of float32 multiply-adds and GB/s of copying, all threads together.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#ifdef __AVX512F__
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#define LANES (BYTES / 4)
#define ROUNDS 5
typedef float vec __attribute__((vector_size(BYTES)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static volatile float sink;
// Volatile, or the compiler finds sums whose value it can foretell and drops them.
static volatile float seed = 0.37f, factor = 0.9999f, term = 1e-7f;
enum { FMAS = 100000000 };

// Sums that are added to in turn hide an addition's latency; which number of them is best depends on the processor.
#define COMPUTE(SUMS)                                                                        \
  static void compute##SUMS(void) {                                                          \
    vec a[SUMS];                                                                             \
    for (int j = 0; j < SUMS; j++)                                                           \
      for (int k = 0; k < LANES; k++) a[j][k] = seed;                                        \
    vec b = a[0] * 0 + factor, c = a[0] * 0 + term;                                          \
    for (long i = 0; i < FMAS / SUMS; i++) {                                                 \
      _Pragma("GCC unroll 32") for (int j = 0; j < SUMS; j++) a[j] = a[j] * b + c;           \
    }                                                                                        \
    float sum = 0;                                                                           \
    for (int j = 0; j < SUMS; j++) sum += a[j][0];                                           \
    sink = sum;                                                                              \
  }
COMPUTE(8)
COMPUTE(10)
COMPUTE(12)
COMPUTE(14)
#ifdef __AVX512F__
COMPUTE(20)
COMPUTE(28)
#endif
static void (*const computes[])(void) = {
    compute8, compute10, compute12, compute14,
#ifdef __AVX512F__
    compute20, compute28,
#endif
};

enum { COPIES = 8, HUGE_PAGE = 1 << 21 };
static const size_t bytes = (size_t)128 << 20;

static char *arrays[256];
static int taken;

// Two ways of copying, of which the better counts: the library's may go around the caches.
static void copy_library(void) {
  char *from = arrays[__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED)], *to = from + bytes;
  for (int r = 0; r < COPIES; r++) memcpy(to, from, bytes);
  sink = to[7];
}

static void copy_loop(void) {
  vec *from = (vec *)arrays[__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED)], *to = from + bytes / BYTES;
  vec nothing = {0};
  nothing += term - term;
  for (int r = 0; r < COPIES; r++) {
    for (size_t i = 0; i < bytes / BYTES; i++) to[i] = from[i] + nothing;
    // Back and forth, or the compiler finds that once would do.
    vec *other = from;
    from = to;
    to = other;
  }
  sink = from[7][0];
}

struct job {
  void (*work)(void);
  double from, to;
};

static void *run(void *argument) {
  struct job *job = argument;
  job->from = now();
  job->work();
  job->to = now();
  return 0;
}

// Least seconds from the first thread's start to the last one's end. The threads take the times: this one may have to wait
// for a processor while they run.
static double best(void (*work)(void), int threads) {
  pthread_t ids[256];
  struct job jobs[256];
  double least = 1e9;
  for (int r = 0; r < ROUNDS; r++) {
    taken = 0;
    for (int t = 0; t < threads; t++) {
      jobs[t] = (struct job){work, 0, 0};
      pthread_create(&ids[t], 0, run, &jobs[t]);
    }
    double from = 1e18, to = 0;
    for (int t = 0; t < threads; t++) {
      pthread_join(ids[t], 0);
      if (jobs[t].from < from) from = jobs[t].from;
      if (jobs[t].to > to) to = jobs[t].to;
    }
    if (to - from < least) least = to - from;
  }
  return least;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1 || threads > 256) return 1;
  double fastest = 1e9;
  for (size_t i = 0; i < sizeof computes / sizeof *computes; i++) {
    double seconds = best(computes[i], threads);
    if (seconds < fastest) fastest = seconds;
  }
  for (int t = 0; t < threads; t++) {
    arrays[t] = aligned_alloc(HUGE_PAGE, 2 * bytes);
    if (!arrays[t]) return 1;
#ifdef MADV_HUGEPAGE
    madvise(arrays[t], 2 * bytes, MADV_HUGEPAGE);
#endif
    memset(arrays[t], 1, 2 * bytes);
  }
  double flops = (double)threads * FMAS * 2 * LANES, moved = 2.0 * threads * COPIES * bytes;
  double library = best(copy_library, threads), loop = best(copy_loop, threads);
  printf("%f %f\n", flops / fastest * 1e-9, moved / (library < loop ? library : loop) * 1e-9);
  return 0;
}
