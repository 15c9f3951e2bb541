import { describe, expect, it } from "vitest";
import { testAdapter } from "../../../test/webgpu-adapter.js";
import { input } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import { recordFields, Profiler } from "../../runtime/profile.js";
import { openNodeWebgpu } from "./webgpu-node.js";

const adapter = await testAdapter();

describe.skipIf(!adapter?.features.has("timestamp-query"))("WebGPU in Node", () => {
  it("measures in nanoseconds, not in the steps that pages get", async () => {
    const backend = await openNodeWebgpu();
    const x = input({ shape: [1000], dtype: "float32" });
    const executable = backend.load({ inputs: [x], outputs: [ops.add(x, x)] });
    const profiler = new Profiler(backend);
    backend.profile?.(profiler);
    for (let i = 0; i < 10; i++) backend.submit(executable, [backend.allocate(4000)], [backend.allocate(4000)]);
    await backend.idle();
    const times = profiler.read().trace.map(({ record }) => record[recordFields] ?? 0);
    expect(times).toHaveLength(10);
    const step = 65_536 / 1e6;
    expect(times.every((ms) => Number.isInteger(Math.round((ms / step) * 1e6) / 1e6))).toBe(false);
    await backend.close();
  });
});
