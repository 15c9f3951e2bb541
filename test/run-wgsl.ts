import { expect } from "vitest";
import { bufferUsage, mapRead } from "../src/backends/webgpu/buffer-usage.js";
import { renderWgsl } from "../src/backends/webgpu/render-wgsl.js";
import type { ShaderFeatures } from "../src/backends/webgpu/wgsl-prelude.js";
import { byteSize, type DType } from "../src/core/dtype.js";
import { ExprBuilder } from "../src/ir/expr-builder.js";
import { isPassed, type Expr, type Kernel, type KernelBuffer, type Stmt } from "../src/ir/loop.js";
import { verifyKernel } from "../src/ir/verify.js";
import { at } from "../src/ops/indexing.js";

/** Bytes of a passed buffer, of which element `offset` is the first that the kernel sees. */
export interface Passed {
  readonly bytes: Uint8Array;
  readonly offset?: number;
}

export interface RunOptions {
  readonly ints?: readonly number[];
  /** As for `renderWgsl`; each buffer has its own if there are none. Of buffers in one binding the first one's bytes count. */
  readonly bindings?: readonly number[];
  /** Groups along the first dimension of the dispatch, all of them if not given. */
  readonly groupsAcross?: number;
  /** What shaders may use; what the device has if not given. */
  readonly features?: ShaderFeatures;
  /** Changes the text, to try it on a machine that this one is not. */
  readonly rewrite?: (code: string) => string;
}

/** Bytes of elements that are stored as they are in a typed array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The features that a device was made with. */
export function featuresOf({ features }: GPUDevice): ShaderFeatures {
  return { f16: features.has("shader-f16"), subgroups: features.has("subgroups") };
}

/** GPUShaderStage.COMPUTE, which is no global outside of browsers. */
const inCompute = 4;

/** A shader before which an earlier one left numbers in all of the memory that a group shares. */
function withFilledMemory(code: string, size: number): string {
  const fill = [...code.matchAll(/^var<workgroup> (\w+): (?:(u32)|(atomic<u32>)|array<(\w+), (\d+)>);$/gm)].map(([, name = "", word, atomic, element, count]) => {
    if (word) return `if (local == 0u) { ${name} = 0xfffffff3u; }`;
    if (atomic) return `if (local == 0u) { atomicStore(&${name}, 0xfffffff3u); }`;
    return `for (var at = local; at < ${count}u; at += ${size}u) { ${name}[at] = ${element}(12345u); }`;
  });
  expect(fill.length).toBe(code.split("var<workgroup>").length - 1);
  return fill.length === 0 ? code : code.replace(/^fn main\(.*\{$/m, (head) => [head, ...fill, "workgroupBarrier();"].join("\n"));
}

/** Runs a kernel once, in shared memory that holds something; gives what its buffers hold afterwards, from their first byte on. */
export async function runWgsl(
  device: GPUDevice,
  kernel: Kernel,
  items: number,
  passed: readonly Passed[],
  { ints = [], bindings = passed.map((_, i) => i), groupsAcross, features = featuresOf(device), rewrite = (code) => code }: RunOptions = {},
): Promise<Uint8Array<ArrayBuffer>[]> {
  verifyKernel(kernel);
  const shader = renderWgsl(kernel, bindings, features);
  const module = device.createShaderModule({ code: withFilledMemory(rewrite(shader.code), shader.workgroupSize) });
  const problems = (await module.getCompilationInfo()).messages.filter((m) => m.type === "error");
  if (problems.length > 0) throw new Error(`${problems.map((m) => `${m.lineNum}: ${m.message}`).join("\n")}\n${shader.code}`);
  device.pushErrorScope("validation");
  const buffers = kernel.buffers.filter(isPassed);
  const typeOf = (binding: number): GPUBufferBindingType => (buffers.some(({ access }, i) => bindings[i] === binding && access !== "read") ? "storage" : "read-only-storage");
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: inCompute, buffer: { type: "uniform" } },
      ...[...new Set(bindings)].map((k) => ({ binding: 1 + k, visibility: inCompute, buffer: { type: typeOf(k) } })),
    ],
  });
  const pipeline = await device.createComputePipelineAsync({ layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }), compute: { module, entryPoint: "main" } });
  const padded = (bytes: number): number => 4 * Math.ceil(bytes / 4);
  const upload = (bytes: Uint8Array, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size: Math.max(16, padded(bytes.length)), usage: usage | bufferUsage.copySource | bufferUsage.copyTarget, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  };
  const params = new Uint32Array(shader.paramWords);
  params.set([items, ...passed.map(({ offset }) => offset ?? 0), ...ints]);
  const storage = new Map<number, GPUBuffer>();
  passed.forEach(({ bytes }, i) => {
    const binding = at(bindings, i);
    if (!storage.has(binding)) storage.set(binding, upload(bytes, bufferUsage.storage));
  });
  const uniform = upload(bytesOf(params), bufferUsage.uniform);
  const entries = [{ binding: 0, resource: { buffer: uniform } }, ...[...storage].map(([k, buffer]) => ({ binding: 1 + k, resource: { buffer } }))];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  const groups = Math.ceil(items / shader.itemsPerGroup);
  const across = groupsAcross ?? groups;
  pass.dispatchWorkgroups(across, Math.ceil(groups / across));
  pass.end();
  const results = passed.map(({ bytes }, i) => {
    const from = storage.get(at(bindings, i));
    const to = device.createBuffer({ size: Math.max(16, padded(bytes.length)), usage: bufferUsage.mapRead | bufferUsage.copyTarget });
    if (from) encoder.copyBufferToBuffer(from, to);
    return { to, length: bytes.length };
  });
  device.queue.submit([encoder.finish()]);
  const problem = await device.popErrorScope();
  if (problem) throw new Error(problem.message);
  const read = await Promise.all(results.map(async ({ to, length }) => {
    await to.mapAsync(mapRead);
    const bytes = new Uint8Array(to.getMappedRange().slice(0, length));
    to.destroy();
    return bytes;
  }));
  for (const buffer of [uniform, ...storage.values()]) buffer.destroy();
  return read;
}

/** Bytes of so many elements of a dtype, all 0. */
export function zeros(dtype: DType, count: number): Passed {
  return { bytes: new Uint8Array(count * byteSize(dtype)) };
}

/** A kernel over buffers of the given dtypes and accesses. */
export function kernelOf(buffers: readonly (readonly [DType, KernelBuffer["access"], number?])[], build: (b: ExprBuilder, item: Expr) => readonly Stmt[]): Kernel {
  const b = new ExprBuilder();
  const item = b.counter("item", 2 ** 31);
  return {
    name: "test",
    buffers: buffers.map(([dtype, access, scratchSize]) => ({ dtype, access, scratchSize: scratchSize ?? 0 })),
    item,
    body: build(b, b.ref(item)),
    intCount: 0,
    flops: 0,
    bytes: 0,
  };
}
