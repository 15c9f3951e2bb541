import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the machine can do at best, measured by a C loop in the same run: all threads together. */
export interface Peaks {
  readonly float32Gflops: number;
  readonly copyGBs: number;
  readonly wasmGflops: number;
}

const source = `
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __AVX512F__
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
typedef float vec __attribute__((vector_size(BYTES)));
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static pthread_barrier_t start;
static long fmas = 40000000;
static volatile float sink;
static void *compute(void *unused) {
  vec a[12];
  for (int j = 0; j < 12; j++) for (int k = 0; k < BYTES / 4; k++) a[j][k] = 0.001f * j;
  vec b = a[0] + 0.9999f, c = a[0] + 1e-7f;
  pthread_barrier_wait(&start);
  for (long i = 0; i < fmas; i++) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; j++) a[j] = a[j] * b + c;
  }
  float sum = 0;
  for (int j = 0; j < 12; j++) sum += a[j][0];
  sink = sum;
  return unused;
}
static size_t bytes = (size_t)128 << 20;
static void *copy(void *unused) {
  char *from = malloc(bytes), *to = malloc(bytes);
  memset(from, 1, bytes);
  memset(to, 2, bytes);
  pthread_barrier_wait(&start);
  for (int r = 0; r < 8; r++) memcpy(to, from, bytes);
  sink = to[7];
  free(from);
  free(to);
  return unused;
}
static double timed(void *(*work)(void *), int threads) {
  pthread_t ids[256];
  pthread_barrier_init(&start, 0, threads + 1);
  for (int t = 0; t < threads; t++) pthread_create(&ids[t], 0, work, 0);
  pthread_barrier_wait(&start);
  double from = now();
  for (int t = 0; t < threads; t++) pthread_join(ids[t], 0);
  return now() - from;
}
int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  double best = 1e9, copied = 1e9;
  for (int r = 0; r < 3; r++) { double d = timed(compute, threads); if (d < best) best = d; }
  for (int r = 0; r < 3; r++) { double d = timed(copy, threads); if (d < copied) copied = d; }
  printf("%f %f\\n", threads * fmas * 12.0 * 2 * (BYTES / 4) / best * 1e-9, threads * 8.0 * 2 * bytes / copied * 1e-9);
  return 0;
}
`;

/** Measures the peaks with a loop compiled for this machine. Throws where there is no C compiler. */
export async function measurePeaks(threads: number): Promise<Peaks> {
  const folder = mkdtempSync(join(tmpdir(), "gradus-peak-"));
  try {
    writeFileSync(join(folder, "peak.c"), source);
    execFileSync(process.env.CC ?? "cc", ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=fast", "-pthread", "-o", join(folder, "peak"), join(folder, "peak.c")]);
    const [gflops = NaN, gbs = NaN] = execFileSync(join(folder, "peak"), [String(threads)], { encoding: "utf8" }).trim().split(" ").map(Number);
    return { float32Gflops: gflops, copyGBs: gbs, wasmGflops: NaN };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
