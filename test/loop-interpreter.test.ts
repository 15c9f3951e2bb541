import { describe, expect, it } from "vitest";
import { renderKernel as renderC } from "../src/backends/native/render-c.js";
import { renderKernel as renderWasm } from "../src/backends/wasm/render-wasm.js";
import { CompileError } from "../src/core/errors.js";
import { ExprBuilder } from "../src/ir/expr-builder.js";
import type { Expr, Kernel, Stmt } from "../src/ir/loop.js";
import { printKernel } from "../src/ir/print.js";
import { verifyKernel } from "../src/ir/verify.js";
import { range } from "../src/ops/indexing.js";
import { runKernel, type Memory } from "./loop-interpreter.js";

const size = 8;

function floats(values: readonly number[]): Memory {
  return { shape: [values.length], dtype: "float32", data: Float64Array.from(values) };
}

/** A kernel for groups of eight, with one buffer to read, one to write and one that is shared. */
function grouped(body: (b: ExprBuilder, item: Expr, lane: Expr) => readonly Stmt[]): Kernel {
  const b = new ExprBuilder();
  const [item, lane] = [b.counter("item", 2), b.counter("lane", size)];
  const buffers = (["read", "write", "shared"] as const).map((access) => ({ dtype: "float32" as const, access, scratchSize: access === "shared" ? size : 0 }));
  return { name: "grouped", buffers, item, group: { size, lane }, body: body(b, b.ref(item), b.ref(lane)), intCount: 0, flops: 0, bytes: 0 };
}

function reversed(barrier: readonly Stmt[]): Kernel {
  return grouped((b, item, lane) => {
    const place = b.add(b.mul(item, b.index(size)), lane);
    return [
      { kind: "store", buffer: 2, index: lane, value: b.load(0, "float32", place) },
      ...barrier,
      { kind: "store", buffer: 1, index: place, value: b.load(2, "float32", b.sub(b.index(size - 1), lane)) },
    ];
  });
}

function run(kernel: Kernel, numbers: readonly number[]): number[] {
  const to = floats(numbers.map(() => NaN));
  runKernel(kernel, numbers.length / size, [floats(numbers), to]);
  return [...to.data];
}

describe("groups of invocations", () => {
  const numbers = range(2 * size);
  const backwards = [...range(size).reverse(), ...range(size).map((i) => i + size).reverse()];

  it("share memory between barriers", () => {
    const kernel = reversed([{ kind: "barrier" }]);
    verifyKernel(kernel);
    expect(run(kernel, numbers)).toEqual(backwards);
    expect(run(reversed([]), numbers)).not.toEqual(backwards);
  });

  it("combine their values", () => {
    const kernel = grouped((b, item, lane) => {
      const [total, most] = [b.variable("total", "float32"), b.variable("most", "float32")];
      const place = b.add(b.mul(item, b.index(size)), lane);
      const value = b.load(0, "float32", place);
      return [
        { kind: "mutable", variable: total, value },
        { kind: "mutable", variable: most, value },
        { kind: "combine", variable: total, op: "add" },
        { kind: "combine", variable: most, op: "max" },
        { kind: "store", buffer: 1, index: place, value: b.sub(b.ref(total), b.ref(most)) },
      ];
    });
    verifyKernel(kernel);
    expect(printKernel(kernel)).toContain("combine-max(most");
    expect(run(kernel, numbers)).toEqual([...range(size).fill(28 - 7), ...range(size).fill(92 - 15)]);
  });

  it("need a kernel that has one", () => {
    const { group: _, ...alone } = grouped(() => [{ kind: "barrier" }]);
    expect(() => verifyKernel(alone)).toThrow("without a group");
    expect(() => verifyKernel({ ...alone, body: [] })).toThrow("shared without a group");
    const unknown = grouped((b) => [{ kind: "combine", variable: b.variable("x", "float32"), op: "add" }]);
    expect(() => verifyKernel(unknown)).toThrow("no mutable variable");
  });

  it("are refused where a thread runs an item alone", () => {
    const kernel = reversed([{ kind: "barrier" }]);
    expect(() => renderC(kernel)).toThrow(CompileError);
    expect(() => renderWasm(kernel, false)).toThrow(CompileError);
  });
});
