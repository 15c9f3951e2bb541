import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureWasmPeak } from "./wasm-peak.js";

/** What the machine can do at best, measured in the same run: all threads together. */
export interface Peaks {
  /** Float32 multiply-adds of a C loop. */
  readonly float32Gflops: number;
  /** Copying of large arrays in C, what is read and what is written counted. */
  readonly copyGBs: number;
  /** Float32 multiply-adds of a WebAssembly loop. */
  readonly wasmGflops: number;
}

const source = fileURLToPath(new URL("./peak.c", import.meta.url));
const flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=fast", "-pthread"];

/** Measures the peaks. Throws where there is no C compiler. */
export async function measurePeaks(threads: number): Promise<Peaks> {
  const folder = mkdtempSync(join(tmpdir(), "gradus-peak-"));
  try {
    const program = join(folder, "peak");
    execFileSync(process.env.CC ?? "cc", [...flags, "-o", program, source]);
    const [float32Gflops = NaN, copyGBs = NaN] = execFileSync(program, [String(threads)], { encoding: "utf8" }).trim().split(" ").map(Number);
    return { float32Gflops, copyGBs, wasmGflops: await measureWasmPeak(threads) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
