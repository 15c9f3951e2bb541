import { GradusError } from "../../core/errors.js";
import type { Place, Step } from "../../compiler/program.js";
import type { BuiltProgram } from "./program-store.js";
import { recordFields } from "../../runtime/profile.js";

/** Words at the head of an encoded program, as runtime.c reads them. */
const headerWords = 4;

/** Number words of the instructions. */
const halt = 0;
const launch = 1;
const copy = 2;
const loop = 3;
const loopEnd = 4;

/** Copies of at least this many bytes are split among the threads. */
const splitCopyBytes = 256 * 1024;

/** Loops in each other that a program may have. */
const maxDepth = 8;

/** Where each kind of memory starts in the table of base addresses that a run is given. */
export interface BaseTable {
  readonly constants: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly count: number;
}

/** The arena is base 0; constants, inputs and outputs follow, one each. */
export function baseTable(program: Pick<BuiltProgram, "constants" | "inputs" | "outputs">): BaseTable {
  const inputs = 1 + program.constants.length;
  const outputs = inputs + program.inputs.length;
  return { constants: 1, inputs, outputs, count: outputs + program.outputs.length };
}

/**
 * A program as the words that runtime.c interprets: a header (most buffers of a launch, scratch bytes, arena bytes, whether
 * any step is for several threads), then instructions; the third word of launches and copies is their place in a run's record. `addresses[i]` is the machine address of kernel i.
 */
export function encodeProgram(program: BuiltProgram, addresses: readonly number[]): BigInt64Array {
  const table = baseTable(program);
  const words: bigint[] = [];
  let mostBuffers = 0;
  let parallel = false;
  /** Launches and copies so far. */
  let slot = 0;

  const push = (...values: readonly number[]): void => {
    for (const value of values) words.push(BigInt(value));
  };

  const place = (p: Place, depth: number): void => {
    const base = { arena: 0, constant: table.constants, input: table.inputs, output: table.outputs }[p.base] + (p.base === "arena" ? 0 : p.index);
    push(base, p.offset);
    for (let d = 0; d < depth; d++) push(p.strides[d] ?? 0);
  };

  const encode = (step: Step, depth: number): void => {
    const start = words.length;
    const field = recordFields * (1 + slot);
    if (step.kind !== "loop") slot++;
    switch (step.kind) {
      case "launch": {
        const address = addresses[step.kernel];
        if (address === undefined) throw new GradusError(`a launch names kernel ${step.kernel} of ${addresses.length}`);
        const grain = Math.max(1, step.grain);
        push(launch, 0, field, address, step.items, grain, step.buffers.length, step.ints.length, ...step.ints);
        for (const buffer of step.buffers) place(buffer, depth);
        mostBuffers = Math.max(mostBuffers, step.buffers.length);
        if (step.items > grain) parallel = true;
        break;
      }
      case "copy":
        push(copy, 0, field, step.bytes);
        place(step.from, depth);
        place(step.to, depth);
        if (step.bytes >= splitCopyBytes) parallel = true;
        break;
      case "loop":
        if (step.count === 0) return;
        if (depth === maxDepth) throw new GradusError(`a program has more than ${maxDepth} loops in each other`);
        push(loop, 0, step.count);
        for (const inner of step.body) encode(inner, depth + 1);
        push(loopEnd);
        return;
    }
    words[start + 1] = BigInt(words.length - start);
  };

  for (const step of program.steps) encode(step, 0);
  push(halt);
  const scratch = Math.max(0, ...program.kernels.map((kernel) => kernel.scratchBytes));
  return BigInt64Array.of(...[mostBuffers, scratch, program.arenaBytes, parallel ? 1 : 0].map(BigInt), ...words);
}

export const runtimeConstants = { headerWords, halt, launch, copy, loop, loopEnd, splitCopyBytes, maxDepth } as const;
