import { fromFloat16 } from "../../core/half.js";
import { input } from "../../ir/graph.js";
import { convert } from "../../ops/convert.js";
import { reverse } from "../../ops/movement.js";
import type { WebgpuBackend } from "./webgpu-backend.js";

/**
 * Whether a half, given by its bits, became the number that it stands for, and then itself again: the same bits, as 0 has two signs, or
 * where it is no number any other of these.
 */
export function isKept(half: number, number: number, back: number): boolean {
  return Object.is(number, fromFloat16(half)) && (Number.isNaN(number) ? Number.isNaN(fromFloat16(back)) : back === half);
}

/**
 * Whether a device that uses f16 converts every half to float32 and back without a change. WGSL lets it take subnormal ones for
 * 0 and assume that there are no NaNs and infinities. The device is of no use afterwards.
 */
export async function keepsHalves(backend: WebgpuBackend): Promise<boolean> {
  const count = 65536;
  const halves = input({ shape: [count], dtype: "float16" });
  const given = backend.upload(new Uint8Array(Uint16Array.from({ length: count }, (_, i) => i).buffer));
  const results = [backend.allocate(4 * count), backend.allocate(2 * count)] as const;
  try {
    backend.submit(backend.load({ inputs: [halves], outputs: [convert(halves, "float32"), reverse(halves, [0])] }), [given], results);
    const [numbers, reversed] = await Promise.all([backend.read(results[0]), backend.read(results[1])]);
    const back = new Uint16Array(reversed.buffer, 0, count).reverse();
    return new Float32Array(numbers.buffer, 0, count).every((number, half) => isKept(half, number, back[half] ?? 0));
  } catch {
    return false;
  } finally {
    for (const { block } of [given, ...results]) block.buffer.destroy();
  }
}
