import { CompileError } from "../../core/errors.js";
import type { Place, Program, Step } from "../../compiler/program.js";
import { recordFields } from "../../runtime/profile.js";
import { copyPiece, maxLoops, maxPlaces, stepKind } from "./program-layout.js";

/** A program as the interpreter reads it. */
export interface EncodedProgram {
  readonly words: Int32Array<ArrayBuffer>;
  /** No step is worth more than one thread. */
  readonly alone: boolean;
  /** Kernel launches and copies in one run. */
  readonly stepCount: number;
  /** Where each constant lies in the block of constants, and the size of that block. */
  readonly constantOffsets: readonly number[];
  readonly constantBytes: number;
}

/** Positions in a run's table of base addresses. */
export function baseLayout(program: Program): {
  readonly outputs: number;
  readonly arena: number;
  readonly constants: number;
  readonly count: number;
} {
  const outputs = program.inputs.length;
  const arena = outputs + program.outputs.length;
  return { outputs, arena, constants: arena + 1, count: arena + 2 };
}

/** Writes the steps of a program for some threads as words; `functions` gives the table entry of each of its kernels. */
export function encodeProgram(program: Program, functions: readonly number[], threads: number): EncodedProgram {
  const bases = baseLayout(program);
  const words: number[] = [];
  const constantOffsets: number[] = [];
  let constantBytes = 0;
  for (const constant of program.constants) {
    constantOffsets.push(constantBytes);
    constantBytes += Math.ceil(constant.byteLength / 64) * 64;
  }
  let alone = true;
  /** Launches and copies written so far. */
  let slots = 0;

  const place = (p: Place): void => {
    const base = { input: p.index, output: bases.outputs + p.index, arena: bases.arena, constant: bases.constants }[
      p.base
    ];
    const offset = p.offset + (p.base === "constant" ? (constantOffsets[p.index] ?? 0) : 0);
    words.push(base, offset, p.strides.length, ...p.strides);
  };

  /** Writes one step and returns how many launches and copies it runs. */
  const write = (step: Step, depth: number): number => {
    if (step.kind === "loop" && step.count === 0) return 0;
    const start = words.length;
    words.push(stepKind[step.kind], 0);
    let count = 1;
    if (step.kind !== "loop") slots++;
    const record = 8 * recordFields * slots;
    switch (step.kind) {
      case "launch": {
        const kernel = program.kernels[step.kernel];
        const fn = functions[step.kernel];
        const expected = kernel?.buffers.filter((b) => b.access !== "scratch").length;
        if (!kernel || fn === undefined)
          throw new CompileError(`[wasm] a step launches kernel ${step.kernel} of ${program.kernels.length}`);
        if (
          step.buffers.length !== expected ||
          step.buffers.length > maxPlaces ||
          step.ints.length !== kernel.intCount
        ) {
          throw new CompileError(
            `[wasm] kernel ${kernel.name} is launched with ${step.buffers.length} buffers and ${step.ints.length} ints: ` +
              `expected ${expected ?? 0} (at most ${maxPlaces}) and ${kernel.intCount}`,
          );
        }
        const grain = Math.max(1, Math.min(step.grain, step.items));
        if (step.items > grain) alone = false;
        // Long stretches of memory for each thread; enough of them that the last ones end together.
        const share = Math.max(grain, Math.floor(step.items / (16 * threads)));
        words.push(fn, step.items, share, step.buffers.length, record);
        step.buffers.forEach(place);
        words.push(...step.ints);
        break;
      }
      case "copy":
        if (step.bytes > copyPiece) alone = false;
        words.push(step.bytes, record);
        place(step.from);
        place(step.to);
        break;
      case "loop":
        if (depth === maxLoops) throw new CompileError(`[wasm] loops are nested deeper than ${maxLoops}`);
        words.push(step.count);
        count = step.count * step.body.reduce((sum, s) => sum + write(s, depth + 1), 0);
    }
    words[start + 1] = 4 * (words.length - start);
    return count;
  };

  const stepCount = program.steps.reduce((sum, s) => sum + write(s, 0), 0);
  return { words: Int32Array.from(words, (w) => w | 0), alone, stepCount, constantOffsets, constantBytes };
}
