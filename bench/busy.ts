import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

interface Ticks {
  readonly idle: number;
  readonly all: number;
}

function ticks(): Ticks {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return { idle: sum(times.map((t) => t.idle)), all: sum(times.map((t) => sum(Object.values(t)))) };
}

/** Share of the processors' time, from 0 to 1, that is in use while this process waits. */
export async function busyShare(milliseconds: number): Promise<number> {
  const before = ticks();
  await sleep(milliseconds);
  const after = ticks();
  return after.all > before.all ? 1 - (after.idle - before.idle) / (after.all - before.all) : 0;
}

/** Share of the processors' time below which nobody else is at work. */
const idleShare = 0.1;

/**
 * Waits until the threads of whoever ran before have gone to sleep, at most two seconds: OpenMP's and OpenBLAS's spin for a
 * while after their work, and would take processors from the next one's.
 */
export async function untilIdle(): Promise<void> {
  const end = performance.now() + 2000;
  while (performance.now() < end && (await busyShare(50)) > idleShare);
}
