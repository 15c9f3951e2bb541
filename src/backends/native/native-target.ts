import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import type { Target } from "../../compiler/target.js";
import { findToolchain } from "./toolchain.js";

let known: Target | undefined;

/** What the compiler may assume of this machine. Throws DeviceError without a C compiler. */
export function nativeTarget(): Target {
  known ??= probe();
  return known;
}

function probe(): Target {
  const { macros } = findToolchain();
  const wide = ["__AVX512F__", "__AVX512BW__", "__AVX512DQ__", "__AVX512VL__"].every((m) => macros.has(m));
  const limit = process.constrainedMemory?.() ?? 0;
  return {
    name: "native",
    vectorBytes: wide ? 64 : macros.has("__AVX2__") ? 32 : 16,
    vectorRegisters: wide || macros.has("__aarch64__") ? 32 : 16,
    l1Bytes: cacheBytes(1) ?? 32 * 1024,
    l2Bytes: cacheBytes(2) ?? 512 * 1024,
    float64: true,
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  };
}

/** Size of the first processor's data cache of a level, where Linux tells it. */
function cacheBytes(level: number): number | undefined {
  for (let index = 0; index < 8; index++) {
    const read = (name: string): string => readFileSync(`/sys/devices/system/cpu/cpu0/cache/index${index}/${name}`, "utf8").trim();
    try {
      if (read("level") !== String(level) || read("type") === "Instruction") continue;
      const size = /^(\d+)([KM]?)$/.exec(read("size"));
      if (size) return Number(size[1]) * { "": 1, K: 1024, M: 1024 ** 2 }[size[2] as "" | "K" | "M"];
    } catch {
      return undefined;
    }
  }
  return undefined;
}
