import type { Place, Program, Step } from "../../compiler/program.js";
import { byteSize } from "../../core/dtype.js";
import { sizeOf } from "../../core/shape.js";
import type { TensorType } from "../../ir/graph.js";
import { innerSteps, MemoryRoots } from "./memory-roots.js";

const alignment = 64;

/**
 * The same program with at most `limit` different buffers in one launch. Where a launch has more, the smallest of its
 * inputs and outputs lie in the arena: inputs are copied there at the start of a run, outputs back at its end.
 */
export function limitBindings(program: Program, limit: number): Program {
  const roots = new MemoryRoots(program);
  const sizes = rootSizes(program, roots);
  const moved = new Map<number, number>();
  let arenaBytes = program.arenaBytes;
  for (const step of innerSteps(program.steps)) {
    if (step.kind !== "launch") continue;
    const used = new Set(step.buffers.map((place) => (moved.has(roots.of(place)) ? MemoryRoots.arena : roots.of(place))));
    const movable = [...used].filter((root) => sizes.has(root)).sort((a, b) => (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0));
    // The first that moves brings the arena with it.
    const excess = used.size > limit ? used.size + (used.has(MemoryRoots.arena) ? 0 : 1) - limit : 0;
    for (const root of movable.slice(0, excess)) {
      const offset = Math.ceil(arenaBytes / alignment) * alignment;
      moved.set(root, offset);
      arenaBytes = offset + (sizes.get(root) ?? 0);
    }
  }
  if (moved.size === 0) return program;

  const inArena = (place: Place): Place => {
    const offset = moved.get(roots.of(place));
    return offset === undefined ? place : { base: "arena", index: 0, offset: offset + place.offset, strides: place.strides };
  };
  const rewrite = (step: Step): Step => {
    if (step.kind === "loop") return { ...step, body: step.body.map(rewrite) };
    if (step.kind === "copy") return { ...step, from: inArena(step.from), to: inArena(step.to) };
    return { ...step, buffers: step.buffers.map(inArena) };
  };
  const copies = (base: "input" | "output", types: readonly TensorType[]): Step[] =>
    types.flatMap((type, index): Step[] => {
      const whole: Place = { base, index, offset: 0, strides: [] };
      const bytes = bytesOf(type);
      if (!moved.has(roots.of(whole)) || bytes === 0) return [];
      const [from, to] = base === "input" ? [whole, inArena(whole)] : [inArena(whole), whole];
      return [{ kind: "copy", from, to, bytes }];
    });
  const steps = [...copies("input", program.inputs), ...program.steps.map(rewrite), ...copies("output", program.outputs)];
  return { ...program, arenaBytes, steps };
}

function rootSizes({ inputs, outputs }: Program, roots: MemoryRoots): Map<number, number> {
  const sizes = new Map<number, number>();
  inputs.forEach((type, i) => sizes.set(roots.input(i), bytesOf(type)));
  outputs.forEach((type, i) => sizes.set(roots.output(i), bytesOf(type)));
  return sizes;
}

export function bytesOf(type: TensorType): number {
  return sizeOf(type.shape) * byteSize(type.dtype);
}
