import { runtimeConstants as k } from "./program-code.js";

/**
 * The C runtime: it owns the threads and one in-order queue of programs. All threads of the team interpret a program in
 * step; items of a launch are handed out by a counter, so that who computes what depends on timing and the result does not.
 */
export const runtimeSource = `
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

typedef void Kernel(void *const *buffers, const int64_t *ints, int64_t begin, int64_t end, char *scratch);

enum { RING = 32, LINE = 64, COPY_PIECE = 65536 };

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* A number that threads wait on until it changes: for a short while spinning, then asleep. */
typedef struct {
  _Alignas(LINE) _Atomic uint32_t value;
  _Atomic uint32_t sleepers;
#ifndef __linux__
  pthread_mutex_t lock;
  pthread_cond_t changed;
#endif
} Signal;

static void signal_init(Signal *s) {
#ifndef __linux__
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->changed, NULL);
#else
  (void)s;
#endif
}

static void signal_raise(Signal *s) {
#ifdef __linux__
  atomic_fetch_add(&s->value, 1);
  if (atomic_load(&s->sleepers) > 0) syscall(SYS_futex, &s->value, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
#else
  pthread_mutex_lock(&s->lock);
  atomic_fetch_add(&s->value, 1);
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
#endif
}

/* Whether one thread spins for one signal. Where threads share a processor spinning only keeps the other from its work, so
   after vain tries in a row it rests for ever more of them, up to 30. */
typedef struct {
  uint32_t vain, rest;
} Patience;

static void signal_await(Signal *s, uint32_t old, Patience *patience, int64_t spin) {
  if (patience->rest > 0) {
    patience->rest--;
  } else if (spin > 0) {
    int64_t end = now() + spin;
    do {
      for (int i = 0; i < 32; i++) {
        if (atomic_load_explicit(&s->value, memory_order_acquire) != old) {
          patience->vain = 0;
          return;
        }
        relax();
      }
    } while (now() < end);
    if (patience->vain < 5) patience->vain++;
    patience->rest = (1u << patience->vain) - 2;
  }
#ifdef __linux__
  atomic_fetch_add(&s->sleepers, 1);
  while (atomic_load(&s->value) == old) syscall(SYS_futex, &s->value, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
  atomic_fetch_sub(&s->sleepers, 1);
#else
  pthread_mutex_lock(&s->lock);
  while (atomic_load(&s->value) == old) pthread_cond_wait(&s->changed, &s->lock);
  pthread_mutex_unlock(&s->lock);
#endif
}

typedef struct {
  const int64_t *code;
  char **bases;
  int64_t capacity;
  int64_t ticket;
  double *record; /* where the run is measured, or NULL */
} Job;

typedef struct {
  Signal queued;   /* jobs ever put into the ring */
  Signal started;  /* programs ever given to the whole team */
  Signal phase;    /* barriers ever passed */
  Signal finished; /* changes with every job done */
  _Alignas(LINE) _Atomic int64_t next;      /* first item that nobody has taken */
  _Alignas(LINE) _Atomic int32_t arrived;   /* threads that wait at the barrier */
  _Alignas(LINE) _Atomic int64_t done;      /* ticket of the last job done */
  _Alignas(LINE) int64_t issued;            /* ticket of the last job submitted */
  _Atomic bool stop;
  const Job *team_job;
  Patience caller, at_barrier; /* of the thread that submits */
  int64_t first_processor;     /* of thread 0, or -1 */
  Job ring[RING];
  Job inline_job;
  int64_t threads, spin;
  char *arena;
  int64_t arena_bytes;
  char **scratch;
  int64_t scratch_bytes;
  pthread_t *ids;
} Runtime;

typedef struct {
  Runtime *runtime;
  int64_t id;
} Start;

static void barrier(Runtime *rt, Patience *patience) {
  uint32_t phase = atomic_load(&rt->phase.value);
  if (atomic_fetch_add(&rt->arrived, 1) + 1 == rt->threads) {
    atomic_store(&rt->arrived, 0);
    atomic_store(&rt->next, 0);
    signal_raise(&rt->phase);
  } else {
    signal_await(&rt->phase, phase, patience, rt->spin);
  }
}

typedef struct {
  const int64_t *body;
  int64_t count;
} Loop;

static char *place(const int64_t **at, char *const *bases, const int64_t *iterations, int depth) {
  const int64_t *p = *at;
  char *address = bases[p[0]] + p[1];
  for (int d = 0; d < depth; d++) address += iterations[d] * p[2 + d];
  *at = p + 2 + depth;
  return address;
}

/* Adds the milliseconds since \`last\` to a field of a run's record. */
static void mark(double *field, int64_t *last) {
  int64_t t = now();
  *field += (double)(t - *last) * 1e-6;
  *last = t;
}

/* Runs a program as thread \`id\` of a team of \`team\`, all of which walk the same steps. */
static void interpret(Runtime *rt, const Job *job, int64_t id, int64_t team, Patience *patience) {
  const int64_t *pc = job->code + ${k.headerWords};
  void *buffers[job->code[0] + 1];
  char *scratch = rt->scratch[id];
  Loop loops[${k.maxDepth}];
  int64_t iterations[${k.maxDepth}];
  int depth = 0;
  double *record = id == 0 ? job->record : NULL;
  int64_t last = 0;
  if (record) {
    last = now();
    record[0] = (double)last * 1e-6;
  }
  bool unseen = false; /* whether thread 0 may have written what the others have not seen */
  for (;;) {
    switch (pc[0]) {
      case ${k.launch}: {
        int64_t field = pc[2];
        Kernel *kernel = (Kernel *)(uintptr_t)pc[3];
        int64_t items = pc[4], grain = pc[5];
        bool alone = team == 1 || items <= grain;
        // Long stretches of memory for each thread; enough of them that the last ones end together.
        if (grain < items / (16 * team)) grain = items / (16 * team);
        if (!alone || id == 0) {
          const int64_t *ints = pc + 8, *at = ints + pc[7];
          for (int64_t b = 0; b < pc[6]; b++) buffers[b] = place(&at, job->bases, iterations, depth);
          if (alone) {
            kernel(buffers, ints, 0, items, scratch);
            if (record) mark(record + field, &last);
          } else {
            if (unseen) barrier(rt, patience);
            if (record) mark(record + field + 1, &last);
            int64_t begin;
            while ((begin = atomic_fetch_add(&rt->next, grain)) < items) {
              kernel(buffers, ints, begin, items - begin < grain ? items : begin + grain, scratch);
            }
            if (record) mark(record + field, &last);
            barrier(rt, patience);
            if (record) mark(record + field + 1, &last);
          }
        }
        unseen = alone;
        pc += pc[1];
        break;
      }
      case ${k.copy}: {
        int64_t field = pc[2];
        int64_t bytes = pc[3];
        const int64_t *at = pc + 4;
        const char *from = place(&at, job->bases, iterations, depth);
        char *to = place(&at, job->bases, iterations, depth);
        bool alone = team == 1 || bytes < ${k.splitCopyBytes};
        if (!alone) {
          if (unseen) barrier(rt, patience);
          if (record) mark(record + field + 1, &last);
          int64_t begin;
          while ((begin = atomic_fetch_add(&rt->next, COPY_PIECE)) < bytes) {
            memcpy(to + begin, from + begin, bytes - begin < COPY_PIECE ? bytes - begin : COPY_PIECE);
          }
          if (record) mark(record + field, &last);
          barrier(rt, patience);
          if (record) mark(record + field + 1, &last);
        } else if (id == 0 && to != from) {
          memcpy(to, from, bytes);
          if (record) mark(record + field, &last);
        }
        unseen = alone;
        pc += pc[1];
        break;
      }
      case ${k.loop}:
        loops[depth] = (Loop){pc + 3, pc[2]};
        iterations[depth++] = 0;
        pc += 3;
        break;
      case ${k.loopEnd}:
        if (++iterations[depth - 1] < loops[depth - 1].count) {
          pc = loops[depth - 1].body;
        } else {
          depth--;
          pc++;
        }
        break;
      default:
        /* The program and its buffers may be freed once thread 0 is through. */
        if (team > 1) barrier(rt, patience);
        if (record) mark(record + 1, &last);
        return;
    }
  }
}

static void quiet_signals(void) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
}

#ifdef __linux__
typedef struct {
  uint64_t words[128];
} Processors;
#endif

/* The processor of thread \`index\`, or -1 where threads may move. One thread a processor where there are as many of both:
   some systems keep threads that often sleep on one processor. */
static int64_t processor_of(int64_t index, int64_t threads) {
#ifdef __linux__
  Processors allowed = {{0}};
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof allowed, &allowed);
  int64_t count = 0, mine = -1;
  for (int64_t cpu = 0; cpu < bytes * 8; cpu++) {
    if (!(allowed.words[cpu / 64] >> (cpu % 64) & 1)) continue;
    if (count++ == index) mine = cpu;
  }
  return threads > 1 && count == threads ? mine : -1;
#else
  (void)index;
  (void)threads;
  return -1;
#endif
}

static void take_processor(int64_t processor) {
#ifdef __linux__
  if (processor < 0) return;
  Processors own = {{0}};
  own.words[processor / 64] = (uint64_t)1 << (processor % 64);
  syscall(SYS_sched_setaffinity, 0, sizeof own, &own);
#else
  (void)processor;
#endif
}

/* Moves the calling thread to a processor, from which it may go on to any other. */
static void visit_processor(int64_t processor) {
#ifdef __linux__
  if (processor < 0 || sched_getcpu() == processor) return;
  Processors allowed;
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof allowed, &allowed);
  if (bytes <= 0) return;
  take_processor(processor);
  syscall(SYS_sched_setaffinity, 0, bytes, &allowed);
#else
  (void)processor;
#endif
}

static void *work(void *argument) {
  Start start = *(Start *)argument;
  Runtime *rt = start.runtime;
  free(argument);
  quiet_signals();
  take_processor(processor_of(start.id, rt->threads));
  Patience at_start = {0}, at_barrier = {0};
  for (uint32_t seen = 0;; seen++) {
    while (atomic_load(&rt->started.value) == seen) signal_await(&rt->started, seen, &at_start, rt->spin);
    if (!rt->team_job) return NULL;
    interpret(rt, rt->team_job, start.id, rt->threads, &at_barrier);
  }
}

static void *coordinate(void *argument) {
  Start start = *(Start *)argument;
  Runtime *rt = start.runtime;
  free(argument);
  quiet_signals();
  take_processor(processor_of(start.id, rt->threads));
  Patience at_queue = {0}, at_barrier = {0};
  for (uint32_t taken = 0;; taken++) {
    while (atomic_load(&rt->queued.value) == taken) signal_await(&rt->queued, taken, &at_queue, rt->spin);
    if (atomic_load(&rt->stop)) break;
    Job *job = &rt->ring[taken % RING];
    bool team = rt->threads > 1 && job->code[3];
    if (team) {
      rt->team_job = job;
      signal_raise(&rt->started);
    }
    interpret(rt, job, 0, team ? rt->threads : 1, &at_barrier);
    atomic_store(&rt->done, job->ticket);
    signal_raise(&rt->finished);
  }
  rt->team_job = NULL;
  signal_raise(&rt->started);
  atomic_store(&rt->done, INT64_MAX);
  signal_raise(&rt->finished);
  return NULL;
}

/* Memory of at least one byte at a multiple of 64 bytes; large blocks are made of large pages where there are any. */
static char *reserve(int64_t bytes) {
  int64_t align = bytes >= (4 << 20) ? 2 << 20 : 64;
  char *memory = NULL;
  bytes = (bytes / align + 1) * align;
  if (posix_memalign((void **)&memory, align, bytes)) return NULL;
#ifdef __linux__
  if (align > 64) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

static void wait_for(Runtime *rt, int64_t ticket, Patience *patience, int64_t spin) {
  for (;;) {
    uint32_t seen = atomic_load(&rt->finished.value);
    if (atomic_load(&rt->done) >= ticket) return;
    signal_await(&rt->finished, seen, patience, spin);
  }
}

/* Waits on the thread that submits. */
void gradus_wait(int64_t handle, int64_t ticket) {
  Runtime *rt = (Runtime *)(uintptr_t)handle;
  wait_for(rt, ticket, &rt->caller, rt->spin);
}

/* Waits, asleep, on any thread. */
void gradus_wait_aside(int64_t handle, int64_t ticket) {
  Patience none = {0};
  wait_for((Runtime *)(uintptr_t)handle, ticket, &none, 0);
}

int64_t gradus_done(int64_t handle) { return atomic_load(&((Runtime *)(uintptr_t)handle)->done); }

/* Ends the threads after the job that runs now; those queued behind it are dropped. */
void gradus_stop(int64_t handle) {
  Runtime *rt = (Runtime *)(uintptr_t)handle;
  atomic_store(&rt->stop, true);
  signal_raise(&rt->queued);
  for (int64_t i = 0; i < rt->threads; i++) {
    if (rt->ids[i]) pthread_join(rt->ids[i], NULL);
    rt->ids[i] = 0;
  }
}

/* Stops and gives the memory back; nobody may be waiting. */
void gradus_destroy(int64_t handle) {
  Runtime *rt = (Runtime *)(uintptr_t)handle;
  gradus_stop(handle);
  for (int64_t i = 0; i < rt->threads; i++) free(rt->scratch[i]);
  for (int i = 0; i < RING; i++) free(rt->ring[i].bases);
  free(rt->inline_job.bases);
  free(rt->arena);
  free(rt->scratch);
  free(rt->ids);
  free(rt);
}

/* A runtime with \`threads\` threads that spin for \`spin\` nanoseconds before they sleep; 0 where there is no memory or thread. */
int64_t gradus_create(int64_t threads, int64_t spin) {
  Dl_info self;
  /* Threads outlive the library handle at the end of the process. */
  if (dladdr((void *)(uintptr_t)&gradus_create, &self)) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
  Runtime *rt = (Runtime *)reserve(sizeof(Runtime));
  if (!rt) return 0;
  memset(rt, 0, sizeof(Runtime));
  rt->threads = threads;
  rt->spin = spin;
  rt->first_processor = processor_of(0, threads);
  rt->scratch = calloc(threads, sizeof(char *));
  rt->ids = calloc(threads, sizeof(pthread_t));
  Signal *signals[] = {&rt->queued, &rt->started, &rt->phase, &rt->finished};
  for (int i = 0; i < 4; i++) signal_init(signals[i]);
  for (int64_t i = 0; i < threads; i++) {
    Start *start = malloc(sizeof(Start));
    if (start) *start = (Start){rt, i};
    if (!start || pthread_create(&rt->ids[i], NULL, i == 0 ? coordinate : work, start)) {
      free(start);
      rt->ids[i] = 0;
      gradus_destroy((int64_t)(uintptr_t)rt);
      return 0;
    }
  }
  return (int64_t)(uintptr_t)rt;
}

/* Queues a program, or runs it before it returns if nothing is queued: on the calling thread where \`here\` is 1, with that as the
   team's first thread where it is 2. The bases' first entry becomes the arena; \`record\`, unless it is 0, is where the run is measured. Returns its ticket, 0 if memory for arena or scratch is missing. At most RING - 1 jobs may be unfinished. */
int64_t gradus_submit(int64_t handle, int64_t code_address, int64_t bases_address, int64_t count, int64_t here, int64_t record) {
  Runtime *rt = (Runtime *)(uintptr_t)handle;
  const int64_t *code = (const int64_t *)(uintptr_t)code_address;
  const double *bases = (const double *)(uintptr_t)bases_address;
  if (code[1] > rt->scratch_bytes || code[2] > rt->arena_bytes) {
    gradus_wait(handle, rt->issued);
    if (code[1] > rt->scratch_bytes) {
      rt->scratch_bytes = 0;
      for (int64_t i = 0; i < rt->threads; i++) {
        free(rt->scratch[i]);
        if (!(rt->scratch[i] = reserve(code[1]))) return 0;
      }
      rt->scratch_bytes = code[1];
    }
    if (code[2] > rt->arena_bytes) {
      rt->arena_bytes = 0;
      free(rt->arena);
      if (!(rt->arena = reserve(code[2]))) return 0;
      rt->arena_bytes = code[2];
    }
  }
  bool idle = atomic_load(&rt->done) == rt->issued;
  uint32_t slot = atomic_load(&rt->queued.value);
  Job *job = here && idle ? &rt->inline_job : &rt->ring[slot % RING];
  if (job->capacity < count) {
    free(job->bases);
    job->capacity = 0;
    if (!(job->bases = malloc(count * sizeof(char *)))) return 0;
    job->capacity = count;
  }
  for (int64_t i = 0; i < count; i++) job->bases[i] = (char *)(uintptr_t)bases[i];
  job->bases[0] = rt->arena;
  job->code = code;
  job->record = (double *)(uintptr_t)record;
  job->ticket = ++rt->issued;
  if (job == &rt->inline_job) {
    bool team = here > 1 && rt->threads > 1 && code[3];
    if (team) {
      /* The others' processors are theirs. */
      visit_processor(rt->first_processor);
      rt->team_job = job;
      signal_raise(&rt->started);
    }
    interpret(rt, job, 0, team ? rt->threads : 1, &rt->at_barrier);
    atomic_store(&rt->done, job->ticket);
  } else {
    signal_raise(&rt->queued);
  }
  return job->ticket;
}

/* The address of a function in a library, which stays loaded; 0 where it cannot be loaded. */
int64_t gradus_symbol(const char *path, const char *name) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return library ? (int64_t)(uintptr_t)dlsym(library, name) : 0;
}

const char *gradus_load_error(void) { return dlerror(); }
`;
