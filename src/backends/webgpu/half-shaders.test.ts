import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainProblem } from "../../../test/conformance/problems.js";
import { allInfos } from "../../../test/opinfo/all-infos.js";
import { testAdapter } from "../../../test/webgpu-adapter.js";
import { openWebgpu } from "./open-webgpu.js";
import { WebgpuBackend } from "./webgpu-backend.js";

const adapter = await testAdapter(["backend=null"]);
/** Attention takes no float16. */
const infos = allInfos.filter(({ op }) => !op.startsWith("attention"));

describe.skipIf(!adapter)("float16 programs as shaders, which Dawn's null device checks and does not run", () => {
  let backend: WebgpuBackend;
  beforeAll(async () => {
    if (!adapter) return;
    // It computes nothing, so it cannot show that it converts halves: it is made to use them.
    const { target } = await openWebgpu(adapter);
    const fresh = await testAdapter(["backend=null"]);
    const device = await fresh?.requestDevice({ requiredFeatures: ["shader-f16", "subgroups"], requiredLimits: { maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage } });
    if (!device || !target.group) throw new Error("the null device cannot be opened twice");
    const group = { ...target.group, sharedBytes: 15 * 1024, halves: true };
    backend = new WebgpuBackend(device, { adapter: "null", isSoftware: true, target: { ...target, group }, features: { f16: true, subgroups: true } });
  });
  afterAll(() => backend.close());

  it.each(infos.map((info) => [info.op, info] as const))("%s", async (_, info) => {
    const samples = info.samples
      .filter(({ operands }) => operands.every(({ dtype }) => dtype !== "float64"))
      .map((s) => ({ ...s, operands: s.operands.map((o) => (o.dtype === "float32" ? { ...o, dtype: "float16" as const } : o)) }));
    for (const each of samples) {
      const { feeds, probes } = plainProblem({ ...info, samples: [each] });
      const outputs = probes.map(({ value }) => value);
      if (outputs.some(({ dtype }) => dtype === "float64")) continue;
      backend.load({ inputs: [...feeds.keys()], outputs });
    }
    await expect(backend.idle()).resolves.toBeUndefined();
  });
});
