/**
 * Where things lie in linear memory for the program interpreter, in bytes. All values are 32-bit words.
 *
 * A program is a sequence of steps, each beginning with its kind and its size in bytes:
 * - launch: kind, size, function, items, grain, count of places, record offset, places …, ints …
 * - copy: kind, size, bytes, record offset, from place, to place
 * - loop: kind, size, count, body …
 *
 * A place is: index into the run's table of base addresses, offset, count of strides, strides … (outermost loop first).
 */
export const stepKind = { launch: 1, copy: 2, loop: 3 } as const;

export const launchLayout = { size: 4, fn: 8, items: 12, grain: 16, places: 20, record: 24, first: 28 } as const;
export const copyLayout = { bytes: 8, record: 12, first: 16 } as const;
export const loopLayout = { count: 8, body: 12 } as const;
export const placeLayout = { base: 0, offset: 4, strides: 8, first: 12 } as const;

/** Copies are handed out in pieces of this many bytes; a copy of at most one piece stays on one thread. */
export const copyPiece = 65536;

/** Deepest nesting of loops, and most places of one launch. */
export const maxLoops = 32;
export const maxPlaces = 16384;

/**
 * What one thread keeps: who it is, the run it is in, the counters of its loops, the addresses for the current launch.
 * `bases`, `scratch` and `record` are set together for a run on one thread. `record` is where thread 0 measures the run, or 0, and
 * `recorded` the fields of the step that it measured last. `idle` and `inStep` say how patiently it waits for work and for the other threads.
 */
export const threadLayout = {
  control: 0,
  thread: 4,
  threads: 8,
  bases: 12,
  scratch: 16,
  record: 20,
  pending: 24,
  depth: 28,
  sequence: 32,
  recorded: 36,
  idle: 40,
  inStep: 48,
  counters: 64,
  pointers: 64 + 4 * maxLoops,
  bytes: 64 + 4 * maxLoops + 4 * maxPlaces,
} as const;

/** Commands that may be queued at once; a power of two. */
export const ringSlots = 64;

/** How many threads are asleep until a word of the control block changes is the word behind it. */
export const sleepers = 4;

/** What all threads share; each word that is written often has a cache line of its own. */
export const controlLayout = {
  /** Commands queued so far. */
  submitted: 0,
  /** Barriers passed so far. */
  generation: 64,
  arrived: 128,
  /** The next item of the current launch that no thread has taken. */
  next: 192,
  /** Commands begun by all threads together so far, and the address of the last one. */
  started: 256,
  team: 264,
  /** Not 0 once a kernel has trapped. */
  failed: 320,
  /** Set by the main thread: call `drained` when the queue becomes empty. */
  drainWanted: 384,
  /** A command of the main thread's own, begun while nothing is queued. */
  own: 448,
  /** Queued commands that are done. */
  progress: 512,
  ring: 576,
  bytes: 576 + 64 * ringSlots,
} as const;

export const commandKind = { run: 1, read: 2, pause: 3 } as const;

/** A command. `alone`: thread 0 runs it and no other takes part. */
export const commandLayout = {
  kind: 0,
  program: 4,
  programEnd: 8,
  bases: 12,
  scratch: 16,
  scratchStride: 20,
  alone: 24,
  record: 28,
  address: 4,
  length: 8,
  ticket: 12,
  bytes: 64,
} as const;
