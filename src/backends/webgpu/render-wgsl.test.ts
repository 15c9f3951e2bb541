import { describe, expect, it } from "vitest";
import { range } from "../../ops/indexing.js";
import { ExprBuilder } from "../../ir/expr-builder.js";
import type { Expr, Kernel, KernelBuffer, Stmt } from "../../ir/loop.js";
import { runWgsl, zeros } from "../../../test/run-wgsl.js";
import { testAdapter } from "../../../test/webgpu-adapter.js";

const adapter = await testAdapter();
const device = await adapter?.requestDevice();

function kernelOf(buffers: readonly KernelBuffer[], build: (b: ExprBuilder, item: Expr) => readonly Stmt[]): Kernel {
  const b = new ExprBuilder();
  const item = b.counter("item", 2 ** 31);
  return { name: "test", buffers, item, body: build(b, b.ref(item)), intCount: 0, flops: 0, bytes: 0 };
}

describe.skipIf(!device)("WGSL on this machine's WebGPU adapter (skipped where Dawn finds none)", () => {
  if (!device) return;

  it("runs every item, and no other, of a dispatch in two dimensions", async () => {
    const kernel = kernelOf([{ dtype: "int32", access: "write", scratchSize: 0 }], (b, item) => [{ kind: "store", buffer: 0, index: item, value: b.cast(b.add(item, b.index(1)), "int32") }]);
    const [bytes] = await runWgsl(device, kernel, 300, [zeros("int32", 320)], { groupsAcross: 2 });
    expect([...new Int32Array(bytes?.buffer ?? [])]).toEqual([...range(300).map((i) => i + 1), ...range(20).fill(0)]);
  });
});
