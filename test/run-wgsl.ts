import { renderWgsl } from "../src/backends/webgpu/render-wgsl.js";
import { byteSize, type DType } from "../src/core/dtype.js";
import { isPassed, type Kernel } from "../src/ir/loop.js";
import { verifyKernel } from "../src/ir/verify.js";
import { at } from "../src/ops/indexing.js";

/** Bytes of a passed buffer, of which element `offset` is the first that the kernel sees. */
export interface Passed {
  readonly bytes: Uint8Array;
  readonly offset?: number;
}

/** Bytes of elements that are stored as they are in a typed array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** WebGPU's numbers for what a buffer is used for, and for mapping one to read it. */
const usages = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const mapRead = 1;

/** Runs a kernel once; gives what its buffers hold afterwards, from their first byte on. */
export async function runWgsl(
  device: GPUDevice,
  kernel: Kernel,
  items: number,
  passed: readonly Passed[],
  { ints = [], bindings = passed.map((_, i) => i), groupsAcross }: { ints?: readonly number[]; bindings?: readonly number[]; groupsAcross?: number } = {},
): Promise<Uint8Array<ArrayBuffer>[]> {
  verifyKernel(kernel);
  const shader = renderWgsl(kernel, bindings);
  const module = device.createShaderModule({ code: shader.code });
  const problems = (await module.getCompilationInfo()).messages.filter((m) => m.type === "error");
  if (problems.length > 0) throw new Error(`${problems.map((m) => `${m.lineNum}: ${m.message}`).join("\n")}\n${shader.code}`);
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
  const padded = (bytes: number): number => 4 * Math.ceil(bytes / 4);
  const upload = (bytes: Uint8Array, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size: Math.max(16, padded(bytes.length)), usage: usage | usages.copySource | usages.copyTarget, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  };
  const params = new Uint32Array(shader.paramWords);
  params.set([items, ...passed.map(({ offset }) => offset ?? 0), ...ints]);
  const storage = new Map<number, GPUBuffer>();
  passed.forEach(({ bytes }, i) => {
    const binding = at(bindings, i);
    if (!storage.has(binding)) storage.set(binding, upload(bytes, usages.storage));
  });
  const uniform = upload(bytesOf(params), usages.uniform);
  const entries = [{ binding: 0, resource: { buffer: uniform } }, ...[...storage].map(([k, buffer]) => ({ binding: 1 + k, resource: { buffer } }))];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  const groups = Math.ceil(items / shader.itemsPerGroup);
  const across = groupsAcross ?? groups;
  pass.dispatchWorkgroups(across, Math.ceil(groups / across));
  pass.end();
  const results = passed.map(({ bytes }, i) => {
    const from = storage.get(at(bindings, i));
    const to = device.createBuffer({ size: Math.max(16, padded(bytes.length)), usage: usages.mapRead | usages.copyTarget });
    if (from) encoder.copyBufferToBuffer(from, to);
    return { to, length: bytes.length };
  });
  device.queue.submit([encoder.finish()]);
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

/** The dtypes of a kernel's passed buffers. */
export function passedTypes(kernel: Kernel): DType[] {
  return kernel.buffers.filter(isPassed).map(({ dtype }) => dtype);
}
