import { describe, expect, it } from "vitest";
import { compileGraph } from "./compile-graph.js";
import { chooseTile, directTiles, largeTiles } from "../src/compiler/group-tiles.js";
import type { Program, Step } from "../src/compiler/program.js";
import type { GroupTile } from "../src/compiler/target.js";
import type { DType } from "../src/core/dtype.js";
import type { Shape } from "../src/core/shape.js";
import { input, type Value } from "../src/ir/graph.js";
import { attentionGradient } from "../src/ops/attention-gradient.js";
import * as ops from "../src/ops/index.js";
import { difference } from "./conformance/compare.js";
import { reference } from "./conformance/devices.js";
import type { Probe } from "./conformance/problems.js";
import { runGraph } from "./conformance/run-graph.js";
import { groupTarget, InterpretedDevice, smallGroups } from "./interpreted-device.js";
import { Numbers } from "./opinfo/sample.js";

const random = new Numbers(31);

/** Leaves with numbers, and what is computed from them. */
class Problem {
  readonly feeds = new Map<Value, Float64Array>();

  leaf(shape: Shape, dtype: DType = "float32"): Value {
    const value = input({ shape, dtype });
    this.feeds.set(value, random.any(shape, dtype).values);
    return value;
  }

  program(outputs: readonly Value[], group = smallGroups): Program {
    return compileGraph({ inputs: [...this.feeds.keys()], outputs }, groupTarget(group));
  }

  /** What a group target computes otherwise than the operators' meaning. */
  async differences(outputs: readonly Value[], accuracy: Probe["accuracy"], group = smallGroups): Promise<string[]> {
    const got = await runGraph(new InterpretedDevice(group), outputs, this.feeds);
    const want = await runGraph(reference(), outputs, this.feeds);
    const sums = accuracy === "sum" ? await runGraph(reference(), outputs, new Map([...this.feeds].map(([v, data]) => [v, data.map(Math.abs)]))) : [];
    return outputs.flatMap((value, k) => difference({ name: `output ${k}`, value, accuracy }, got[k] ?? new Float64Array(), want[k] ?? new Float64Array(), sums[k]) ?? []);
  }
}

const spread = (x: Value, shape: Shape, ...axes: number[]): Value => ops.broadcast(x, shape, axes);

function softmax(x: Value): Value {
  const shape = x.shape;
  const e = ops.exp(ops.sub(x, spread(ops.reduce(x, [1], "max"), shape, 0)));
  return ops.div(e, spread(ops.reduce(e, [1], "add"), shape, 0));
}

describe("elements", () => {
  it("are an invocation each, in the order of what is written", async () => {
    const p = new Problem();
    const x = p.leaf([7, 5, 3]);
    const turned = ops.transpose(ops.neg(x), [2, 0, 1]);
    expect(await p.differences([turned], "exact")).toEqual([]);
    const { steps, kernels } = p.program([turned]);
    expect(steps.map((s) => s.kind === "launch" && s.items)).toEqual([105]);
    expect(kernels[0]?.body.some((s) => s.kind === "for")).toBe(false);
  });

  it("are refused where 32-bit addresses do not reach them", () => {
    const x = input({ shape: [2 ** 16, 2 ** 15], dtype: "uint8" });
    expect(() => compileGraph({ inputs: [x], outputs: [ops.not(x)] }, groupTarget(smallGroups))).toThrow("2^31");
  });
});

describe("buffers", () => {
  /** Inputs and outputs that each launch is passed, and one for all memory between kernels. */
  const passed = ({ steps }: Program): number[] =>
    steps.map((s) => (s.kind === "launch" ? new Set(s.buffers.map(({ base, index }) => (base === "arena" ? base : `${base} ${index}`))).size : 0));

  it("of a kernel are as many as a target has, where many values are added up", async () => {
    const p = new Problem();
    const leaves = Array.from({ length: 20 }, () => p.leaf([9]));
    const total = leaves.reduce((sum, x) => ops.add(sum, x));
    expect(await p.differences([total], "sum")).toEqual([]);
    expect(Math.max(...passed(p.program([total])))).toBeLessThanOrEqual(smallGroups.buffers);
    expect(p.program([total]).kernels.length).toBeLessThan(6);
  });

  it("keep unrelated outputs in kernels of their own", async () => {
    const p = new Problem();
    const x = p.leaf([9]);
    const outputs = Array.from({ length: 20 }, () => ops.mul(x, p.leaf([9])));
    expect(await p.differences(outputs, "scalar")).toEqual([]);
    expect(Math.max(...passed(p.program(outputs)))).toBeLessThanOrEqual(smallGroups.buffers);
  });
});

describe("rows", () => {
  it.each([[3, 1], [5, 63], [4, 64], [3, 65], [2, 127], [1, 1000]])("[%i, %i] become a softmax in one kernel", async (rows, columns) => {
    const p = new Problem();
    const y = softmax(p.leaf([rows, columns]));
    expect(await p.differences([y], "scalar")).toEqual([]);
    const { kernels } = p.program([y]);
    expect(kernels.length).toBe(1);
    expect(kernels[0]?.group?.size).toBe(columns < 64 ? undefined : 64);
  });

  it.each([[70, 1030], [70, 9]])("are an invocation each where neighbours lie side by side, many or short: [%i, %i]", async (length, rows) => {
    const p = new Problem();
    const y = ops.reduce(p.leaf([length, rows]), [0], "add");
    expect(await p.differences([y], "sum")).toEqual([]);
    expect(p.program([y]).kernels.map(({ group }) => group)).toEqual([undefined]);
  });

  it("keep what costs much in shared memory where it has room", async () => {
    const p = new Problem();
    const y = softmax(p.leaf([2, 300]));
    const small = { ...smallGroups, sharedBytes: 1024 };
    const shared = (program: Program): number[] => program.kernels.flatMap(({ buffers }) => buffers.filter((b) => b.access === "shared").map((b) => b.scratchSize));
    expect(shared(p.program([y]))).toEqual([300]);
    expect(shared(p.program([y], small))).toEqual([]);
    expect(await p.differences([y], "scalar", small)).toEqual([]);
  });

  it("that are few and long are divided among groups", async () => {
    const p = new Problem();
    const x = p.leaf([9000]);
    const y = ops.reduce(x, [0], "add");
    expect(await p.differences([y], "sum")).toEqual([]);
    expect(p.program([y]).steps.map((s) => s.kind === "launch" && s.items)).toEqual([3, 1]);
    const many = input({ shape: [16384, 384], dtype: "float32" });
    const bias = compileGraph({ inputs: [many], outputs: [ops.reduce(many, [0], "add")] }, groupTarget(smallGroups));
    expect(bias.steps.map((s) => s.kind === "launch" && s.items)).toEqual([384 * 86, 384]);
  });
});

/** a [M, K] · b [K, N]; with letters turned around, the operand's axes are. */
function product(p: Problem, axes: string, m: number, k: number, n: number, dtype: DType = "float32"): Value {
  const [left, right] = axes.split(" ");
  const [a, b] = [p.leaf(left === "mk" ? [m, k] : [k, m], dtype), p.leaf(right === "kn" ? [k, n] : [n, k], dtype)];
  return ops.dot(a, b, { batchA: [], batchB: [], contractA: [left === "mk" ? 1 : 0], contractB: [right === "kn" ? 0 : 1] });
}

describe("contractions", () => {
  it.each([[16, 16, 16], [17, 15, 15], [33, 17, 31], [9, 5, 67], [70, 33, 8], [31, 0, 3]])("of [%i, %i] and columns of %i fit their tiles", async (m, k, n) => {
    const p = new Problem();
    const outputs = ["mk kn", "mk nk", "km kn", "km nk"].map((axes) => product(p, axes, m, k, n));
    expect(await p.differences(outputs, "sum")).toEqual([]);
  });

  it("compute what follows from each result at once", async () => {
    const p = new Problem();
    const z = ops.add(product(p, "mk kn", 20, 9, 17), spread(p.leaf([17]), [20, 17], 1));
    const y = ops.max(z, ops.constant(0, "float32", [20, 17]));
    expect(await p.differences([y, z], "gradient")).toEqual([]);
    expect(p.program([y, z]).kernels.length).toBe(1);
  });

  it("give the same numbers with every tile", async () => {
    const p = new Problem();
    const y = product(p, "mk nk", 65, 19, 66);
    const machines = [...largeTiles, ...directTiles.slice(5, 7)].map((tile) => ({ ...smallGroups, invocations: 256, tiles: [tile] }));
    const runs = await Promise.all(machines.map((machine) => runGraph(new InterpretedDevice(machine), [y], p.feeds)));
    for (const [numbers] of runs) expect(numbers).toEqual(runs[0]?.[0]);
    expect(await p.differences([y], "sum")).toEqual([]);
    expect(new Set(machines.map((machine) => p.program([y], machine).kernels[0]?.buffers.find(({ access }) => access === "shared")?.scratchSize)).size).toBe(4);
  });

  it("take the tile that was measured to be the fastest", () => {
    const [fine, coarse] = [{ ...directTiles[6], cost: { product: 4, step: 100 } }, { ...directTiles[1], cost: { product: 1, step: 1000 } }] as GroupTile[];
    const machine = { ...smallGroups, tiles: [...directTiles, fine, coarse] as GroupTile[] };
    const chosen = (m: number, n: number): unknown => chooseTile(1, m, n, false, machine, 4);
    expect(chosen(16, 8)).toBe(fine);
    expect(chosen(64, 64)).toBe(coarse);
  });

  it("divide long sums of few results", async () => {
    const p = new Problem();
    const y = ops.neg(product(p, "km kn", 9, 1100, 9));
    expect(await p.differences([y], "gradient")).toEqual([]);
    expect(p.program([y]).kernels.map(({ name }) => name)).toEqual(["dot-neg-part", "dot-neg"]);
  });

  it("are reductions where they share little", async () => {
    const p = new Problem();
    const outputs = [product(p, "mk kn", 1, 70, 90), product(p, "mk kn", 40, 65, 1), product(p, "mk kn", 30, 3, 40), product(p, "mk nk", 3, 300, 4)];
    const x = p.leaf([2, 3, 6, 6]);
    outputs.push(ops.conv(x, p.leaf([3, 1, 3, 3]), { groups: 3, padding: [[1, 1], [1, 1]] }));
    expect(await p.differences(outputs, "sum")).toEqual([]);
    expect(p.program(outputs).kernels.flatMap(({ buffers }) => buffers.filter(({ access }) => access === "shared"))).toEqual([]);
  });

  it("share operands of float16 as such, and others never, whatever surrounds them", async () => {
    for (const dtype of ["float16", "float32"] as const) {
      const p = new Problem();
      const x = p.leaf([1, 2, 3, 4, 3], dtype);
      const outputs = [ops.conv(x, p.leaf([2, 2, 2, 2, 2], dtype), { padding: [[1, 0], [0, 1], [1, 1]] }), product(p, "mk kn", 17, 33, 18, dtype)];
      expect(await p.differences(outputs, "sum")).toEqual([]);
      const shared = p.program(outputs).kernels.flatMap(({ buffers }) => buffers.filter(({ access }) => access === "shared"));
      expect(shared.map((buffer) => buffer.dtype)).toEqual([dtype, dtype, dtype, dtype]);
    }
  });

  it("never share integers as float16, not even zeros", async () => {
    const p = new Problem();
    const y = ops.dot(p.leaf([17, 33], "int32"), ops.constant(0, "int32", [33, 18]), { batchA: [], batchB: [], contractA: [1], contractB: [0] });
    expect(await p.differences([y], "exact")).toEqual([]);
    const shared = p.program([y]).kernels.flatMap(({ buffers }) => buffers.filter(({ access }) => access === "shared"));
    expect(shared.map(({ dtype }) => dtype)).toEqual(["int32", "int32"]);
  });

  it("of integers wrap", async () => {
    const p = new Problem();
    expect(await p.differences([product(p, "mk kn", 17, 33, 18, "int32"), product(p, "mk nk", 17, 33, 18, "uint32")], "exact")).toEqual([]);
  });
});

describe("attention", () => {
  function attended(p: Problem, batch: Shape, queries: number, keys: number, causal: boolean, keep: number): { readonly out: Value; readonly gradients: readonly Value[] } {
    const [q, k, v] = [p.leaf([...batch, queries, 3]), p.leaf([...batch, keys, 3]), p.leaf([...batch, keys, 4])];
    const state = keep < 1 ? p.leaf([3], "uint32") : undefined;
    const attrs = { scale: 0.5, causal, mask: false, keep };
    const out = ops.attention({ q, k, v, state }, attrs);
    const [, logSum] = out.node.outputs;
    const ct = p.leaf(out.shape);
    const offset = ops.reduce(ops.mul(ct, out), [out.shape.length - 1], "add");
    return { out, gradients: logSum ? attentionGradient([q, k, v, logSum, offset, ct, ...(state ? [state] : [])], attrs) : [] };
  }

  const groupsOf = ({ kernels }: Program, name: string): (number | undefined)[] => kernels.filter((kernel) => kernel.name === name).map(({ group }) => group?.size);

  it.each([[9, 17, false, 1], [17, 9, true, 1], [8, 8, true, 0.7]])("of %i queries to %i keys is one kernel each way", async (queries, keys, causal, keep) => {
    const p = new Problem();
    const { out, gradients } = attended(p, [2], queries, keys, causal, keep);
    expect(await p.differences([out, ...gradients], "gradient")).toEqual([]);
    const program = p.program([out, ...gradients]);
    expect(groupsOf(program, "attention")).toEqual([64]);
    expect(groupsOf(program, "attention-gradient")).toEqual([64]);
  });

  it("takes larger tiles where there is enough of it", async () => {
    const p = new Problem();
    const { out } = attended(p, [128], 2, 3, false, 1);
    expect(await p.differences([out], "gradient")).toEqual([]);
    const shared = p.program([out]).kernels.flatMap(({ buffers }) => buffers.filter(({ access }) => access === "shared").map(({ scratchSize }) => scratchSize));
    expect(Math.max(...shared)).toBe(16 * 17);
  });

  it("goes on without a group where a head is too large for its memory", async () => {
    const p = new Problem();
    const { out, gradients } = attended(p, [1], 2, 3, false, 1);
    const tiny = { ...smallGroups, sharedBytes: 64 };
    expect(await p.differences([out, ...gradients], "gradient", tiny)).toEqual([]);
    expect(groupsOf(p.program([out], tiny), "attention")).toEqual([undefined]);
  });
});

describe("sorting", () => {
  /** Tiles of 64 elements. */
  const small = { ...smallGroups, sharedBytes: 512 };
  const launches = (program: Program): (number | undefined)[] => program.steps.map((step) => (step.kind === "launch" ? program.kernels[step.kernel]?.group?.size : undefined));

  it.each([17, 64, 65, 200])("puts rows of %i in the order that every device has: ties by position, NaN last", async (length) => {
    const p = new Problem();
    const x = p.leaf([length, 2]);
    const numbers = p.feeds.get(x) ?? new Float64Array();
    for (let i = 0; i < numbers.length; i += 3) numbers[i] = [NaN, 0, -0, 1, Infinity, -Infinity][(i / 3) % 6] ?? 0;
    const integers = ops.convert(ops.mul(x, ops.constant(3, "float32", x.shape)), "uint8");
    const sorted = [ops.sort(x, 0), ops.sort(ops.transpose(ops.neg(x), [1, 0]), 1, true), ops.sort(integers, 0)].flatMap(({ values, indices }) => [values, indices]);
    expect(await p.differences(sorted, "exact", small)).toEqual([]);
  });

  it("leaves short rows to an invocation each, sorts a tile in one kernel and the others by steps between tiles", () => {
    const of = (length: number): (number | undefined)[] => {
      const p = new Problem();
      return launches(p.program([ops.sort(p.leaf([length]), 0).values], small));
    };
    expect(of(16)).toEqual([undefined]);
    expect(of(20)).toEqual([16]);
    expect(of(64)).toEqual([32]);
    expect(of(200)).toEqual([32, undefined, 32, undefined, undefined, 32]);
  });

  it("binds its operand in the kernel that reads it, and its results alone in those that go on with them", () => {
    const p = new Problem();
    const { steps } = p.program(Object.values(ops.sort(p.leaf([200]), 0)), small);
    expect(steps.map((step) => (step.kind === "launch" ? step.buffers.map(({ base }) => base) : []))).toEqual([["input", "output", "output"], ...Array.from({ length: 5 }, () => ["output", "output"])]);
  });

  it("is one of each step's slice in a loop, and one before the loop where every step sorts the same", async () => {
    const p = new Problem();
    const inputs = [p.leaf([150]), p.leaf([3, 200])];
    const [w, x] = [input({ shape: [150], dtype: "float32" }), input({ shape: [200], dtype: "float32" })];
    const sorted = ops.sort(x, 0).values;
    const weights = ops.sort(w, 0, true).values;
    const outputs = [ops.mul(sorted, ops.constant(2, "float32", [200])), ops.add(ops.slice(x, [0], [150], [1]), weights)];
    const results = ops.scan(inputs, { body: { inputs: [w, x], outputs }, consts: 1, carries: 0, length: 3, reverse: false });
    expect(await p.differences(results, "exact", small)).toEqual([]);
    // Six kernels of a sort before the loop and in each step; the sums of all steps are one kernel.
    const runs = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + (step.kind === "loop" ? step.count * runs(step.body) : 1), 0);
    expect(runs(p.program(results, small).steps)).toBe(6 + 1 + 3 * (6 + 1));
  });
});

describe("running folds", () => {
  const groupSizes = ({ kernels }: Program): (number | undefined)[] => kernels.map(({ group }) => group?.size);

  it.each([257, 704, 705, 2000])("of %i elements are run by a group", async (length) => {
    const p = new Problem();
    const [x, i] = [p.leaf([2, length]), p.leaf([length, 2], "int32")];
    const sums = [ops.cumulative(x, 1, "add"), ops.cumulative(x, 1, "add", true)];
    const exact = [ops.cumulative(x, 1, "max"), ops.cumulative(i, 0, "add"), ops.cumulative(i, 0, "mul", true), ops.cumulative(i, 0, "min", true)];
    expect(await p.differences(sums, "sum")).toEqual([]);
    expect(await p.differences(exact, "exact")).toEqual([]);
    expect(groupSizes(p.program([...sums, ...exact]))).toEqual(Array(6).fill(length < 704 ? 16 : 64));
  });

  it("are one invocation's where the row is short, or parts of a product may leave the range of floats", async () => {
    const p = new Problem();
    const x = p.leaf([300]);
    p.feeds.set(x, Float64Array.from({ length: 300 }, (_, i) => (i < 3 ? 1e12 : i < 80 ? 0.125 : i < 150 ? 8 : 1)));
    const product = ops.cumulative(x, 0, "mul");
    expect(await p.differences([product], "scalar")).toEqual([]);
    expect(groupSizes(p.program([product, ops.cumulative(p.leaf([256]), 0, "add")]))).toEqual([undefined, undefined]);
  });

  it("are run by all lanes of a machine that has as much shared memory as WebGPU demands", async () => {
    const p = new Problem();
    const y = ops.cumulative(p.leaf([3000]), 0, "add");
    const least = { ...smallGroups, invocations: 256, sharedBytes: 16384 - 4 * (256 + 2) };
    expect(groupSizes(p.program([y], least))).toEqual([256]);
    expect(await p.differences([y], "sum", least)).toEqual([]);
  });

  it("stay infinite once their sums have left the range of floats", async () => {
    const p = new Problem();
    const x = p.leaf([2, 900]);
    const values = (p.feeds.get(x) ?? new Float64Array()).fill(1);
    values[5] = values[6] = values[900 + 30] = values[900 + 700] = 3e38;
    expect(await p.differences([ops.cumulative(x, 1, "add")], "sum")).toEqual([]);
  });

  it("go on after NaN and infinities as in one go", async () => {
    const p = new Problem();
    const x = p.leaf([3, 900]);
    const values = p.feeds.get(x) ?? new Float64Array();
    values[20] = values[900 + 750] = Infinity;
    values[850] = -Infinity;
    values[1800 + 300] = NaN;
    expect(await p.differences([ops.cumulative(x, 1, "max"), ops.cumulative(x, 1, "min")], "exact")).toEqual([]);
    expect(await p.differences([ops.cumulative(x, 1, "add")], "sum")).toEqual([]);
  });
});

describe("scattering", () => {
  it.each(["add", "set", "max"] as const)("copies by an invocation for each element, and takes updates in their order: %s", async (mode) => {
    const p = new Problem();
    const launches = ([...outputs]: Value[]): unknown[] => {
      const { steps, kernels } = p.program(outputs);
      return steps.map((step) => step.kind === "launch" && [step.items, kernels[step.kernel]?.group?.size]);
    };
    const indices = p.leaf([2, 90], "int32");
    p.feeds.get(indices)?.forEach((_, i, all) => (all[i] = ((i * 37) % 53) - 1));
    const narrow = ops.scatter(p.leaf([2, 50, 3]), indices, p.leaf([2, 90, 3]), { batch: 1, mode });
    const wide = ops.scatter(p.leaf([2, 50, 40]), indices, p.leaf([2, 90, 40]), { batch: 1, mode });
    const bytes = ops.scatter(ops.convert(p.leaf([2, 200]), "uint8"), indices, ops.convert(p.leaf([2, 90]), "uint8"), { batch: 1, mode: "set" });
    expect(await p.differences([narrow, wide], "sum")).toEqual([]);
    expect(await p.differences([bytes], "exact")).toEqual([]);
    expect(launches([narrow])).toEqual([[300, undefined], [2, 64]]);
    expect(launches([wide])).toEqual([[4000, undefined], [80, undefined]]);
  });
});
