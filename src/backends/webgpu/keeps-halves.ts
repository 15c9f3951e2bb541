import { bufferUsage, mapRead } from "./buffer-usage.js";
import { fromHalfFunction } from "./wgsl-conversions.js";
import { Prelude } from "./wgsl-prelude.js";

const count = 65536;

/**
 * Whether the device's own conversions between f16 and f32 keep every half. WGSL lets them take subnormal ones for 0 and
 * assume that there are no NaNs and infinities, so all are tried, against conversions by integers.
 */
export async function keepsHalves(device: GPUDevice): Promise<boolean> {
  const p = new Prelude({ f16: true, subgroups: false });
  const fromHalf = fromHalfFunction(p);
  const code = `enable f16;
@group(0) @binding(0) var<storage, read> halves: array<f16>;
@group(0) @binding(1) var<storage, read_write> wrong: atomic<u32>;
${p.text}
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let number = bitcast<u32>(f32(halves[id.x]));
  let expected = ${fromHalf}(id.x);
  let half = bitcast<u32>(vec2<f16>(f16(expected), 0h));
  let isNan = (number & 0x7fffffffu) > 0x7f800000u && (half & 0x7fffu) > 0x7c00u;
  if (!select(number == bitcast<u32>(expected) && half == id.x, isNan, (id.x & 0x7fffu) > 0x7c00u)) { atomicAdd(&wrong, 1u); }
}`;
  const buffer = (size: number, usage: number): GPUBuffer => device.createBuffer({ size, usage });
  const buffers = [buffer(2 * count, bufferUsage.storage | bufferUsage.copyTarget), buffer(4, bufferUsage.storage | bufferUsage.copySource)] as const;
  const result = buffer(4, bufferUsage.mapRead | bufferUsage.copyTarget);
  device.queue.writeBuffer(buffers[0], 0, Uint16Array.from({ length: count }, (_, i) => i));
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: buffers.map((each, binding) => ({ binding, resource: { buffer: each } })) }));
  pass.dispatchWorkgroups(count / 256);
  pass.end();
  encoder.copyBufferToBuffer(buffers[1], 0, result, 0, 4);
  device.queue.submit([encoder.finish()]);
  try {
    await result.mapAsync(mapRead);
    return new Uint32Array(result.getMappedRange())[0] === 0;
  } catch {
    return false;
  } finally {
    for (const each of [...buffers, result]) each.destroy();
  }
}
