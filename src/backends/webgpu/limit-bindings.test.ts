import { describe, expect, it } from "vitest";
import type { Place, Program, Step } from "../../compiler/program.js";
import type { TensorType } from "../../ir/graph.js";
import { limitBindings } from "./limit-bindings.js";
import { innerSteps, MemoryRoots } from "./memory-roots.js";

const floats = (n: number): TensorType => ({ shape: [n], dtype: "float32" });
const at = (base: Place["base"], index: number, offset = 0, strides: readonly number[] = []): Place => ({ base, index, offset, strides });
const launch = (...buffers: Place[]): Step => ({ kind: "launch", kernel: 0, buffers, ints: [], items: 1, grain: 1 });

function program(parts: Partial<Program>): Program {
  return { inputs: [], outputs: [], inPlace: [], constants: [], arenaBytes: 0, kernels: [], steps: [], flops: 0, bytes: 0, ...parts };
}

function mostBindings(given: Program): number {
  const roots = new MemoryRoots(given);
  return Math.max(...innerSteps(given.steps).map((step) => new Set(step.kind === "launch" ? step.buffers.map((p) => roots.of(p)) : []).size));
}

describe("limitBindings", () => {
  it("leaves a program alone that keeps within the limit", () => {
    const given = program({ inputs: [floats(1), floats(2)], outputs: [floats(3)], inPlace: [-1], steps: [launch(at("input", 0), at("input", 1), at("output", 0))] });
    expect(limitBindings(given, 3)).toBe(given);
  });

  it("moves the smallest to the arena, behind what lies there", () => {
    const sizes = [50, 3, 2, 40];
    const inputs = sizes.map((_, i) => at("input", i, 4));
    const given = program({ inputs: sizes.map(floats), outputs: [floats(20)], inPlace: [-1], arenaBytes: 100, steps: [launch(...inputs, at("output", 0))] });
    const limited = limitBindings(given, 4);
    expect(limited.steps).toEqual([
      { kind: "copy", from: at("input", 1), to: at("arena", 0, 192), bytes: 12 },
      { kind: "copy", from: at("input", 2), to: at("arena", 0, 128), bytes: 8 },
      launch(at("input", 0, 4), at("arena", 0, 196), at("arena", 0, 132), at("input", 3, 4), at("output", 0)),
    ]);
    expect(limited.arenaBytes).toBe(204);
    expect(mostBindings(limited)).toBe(4);
  });

  it("copies outputs back once, from loops too, and takes those in place there and back", () => {
    const body = launch(at("input", 0, 0, [4]), at("output", 0), at("output", 1, 0, [8]));
    const given = program({ inputs: [floats(4), floats(1)], outputs: [floats(1), floats(8)], inPlace: [1, -1], steps: [{ kind: "loop", count: 4, body: [body] }] });
    const limited = limitBindings(given, 2);
    expect(limited.steps).toEqual([
      { kind: "copy", from: at("input", 0), to: at("arena", 0, 64), bytes: 16 },
      { kind: "copy", from: at("input", 1), to: at("arena", 0), bytes: 4 },
      { kind: "loop", count: 4, body: [launch(at("arena", 0, 64, [4]), at("arena", 0), at("output", 1, 0, [8]))] },
      { kind: "copy", from: at("arena", 0), to: at("output", 0), bytes: 4 },
    ]);
  });

  it("counts all constants as one buffer, and an output in place as its input's", () => {
    const steps = [launch(at("constant", 0), at("constant", 1), at("input", 0), at("output", 0))];
    const given = program({ inputs: [floats(1)], outputs: [floats(1)], inPlace: [0], constants: [new Uint8Array(4), new Uint8Array(4)], steps });
    expect(limitBindings(given, 2)).toBe(given);
  });
});
