import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { GradusError } from "../core/errors.js";
import { compile, nativeInfo, openDevice, tensor, webgpuInfo, type Backend, type NativeInfo, type WebgpuInfo } from "../node.js";
import { formatCache, readCache, type CacheContent } from "./cache-command.js";
import { deviceNames, type DeviceName } from "./device-names.js";
import { exitCodes } from "./exit-codes.js";
import { packageVersion } from "./package-version.js";
import { formatBytes, formatCount, formatThreads } from "./progress-line.js";
import { hasColour, painter, type Paint, writeText } from "./terminal.js";

/** How a backend did in its test. */
interface TestedBackend {
  readonly name: string;
  readonly works: boolean;
  readonly threads: number | null;
  /** Speed of a matrix product in float32, 10⁹ multiplications and additions per second. */
  readonly gflops: number | null;
  /** Why it does not work. */
  readonly problem: string | null;
}

/** What `gradus doctor` finds. */
export interface Findings {
  readonly gradus: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly usableCores: number;
  /** Mean number of programs that wanted to run in the last minute. */
  readonly load: number;
  readonly memoryBytes: number;
  readonly compiler: NativeInfo | null;
  readonly gpu: WebgpuInfo | null;
  readonly backends: readonly TestedBackend[];
  readonly cache: CacheContent;
}

/** Carries out `gradus doctor` and gives its exit code: 1 where no compiled backend works. */
export async function doctor(given: { readonly json?: true }): Promise<number> {
  const load = loadavg()[0] ?? 0;
  const backends: TestedBackend[] = [];
  for (const name of deviceNames) if (name !== "auto") backends.push(await testBackend(name));
  const findings: Findings = {
    gradus: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    usableCores: availableParallelism(),
    load,
    memoryBytes: totalmem(),
    compiler: await found(nativeInfo),
    gpu: await found(webgpuInfo),
    backends,
    cache: await readCache(),
  };
  const paint = painter(hasColour(process.stdout));
  if (given.json) process.stdout.write(`${JSON.stringify({ ...findings, advice: adviceOn(findings) }, null, 2)}\n`);
  else writeText(process.stdout, formatFindings(findings, paint).trimEnd());
  return backends.some(({ name, works }) => works && name !== "reference") ? exitCodes.done : exitCodes.failed;
}

/** What is looked for, or null where it is not there. */
async function found<T>(look: () => T | Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof GradusError) return null;
    throw error;
  }
}

async function testBackend(name: DeviceName): Promise<TestedBackend> {
  try {
    const backend = await openDevice(name);
    const problem = await selfTest(backend);
    if (problem !== undefined) return { name, works: false, threads: backend.threads, gflops: null, problem };
    return { name, works: true, threads: backend.threads, gflops: await matmulSpeed(backend, name === "reference" || backend.isSoftware ? 64 : 1024), problem: null };
  } catch (error) {
    return { name, works: false, threads: null, gflops: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** A compiled product of whole numbers and the gradient of its sum of squares, which are exact; undefined if all is right. */
async function selfTest(backend: Backend): Promise<string | undefined> {
  const n = 33;
  const a = Float32Array.from({ length: n * n }, (_, i) => (i % 7) - 3);
  const b = Float32Array.from({ length: n * n }, (_, i) => (i % 5) - 2);
  const product = compile((x: ReturnType<typeof tensor>, y: ReturnType<typeof tensor>) => x.matmul(y).relu());
  const matrix = (values: Float32Array): ReturnType<typeof tensor> => tensor(values, { shape: [n, n], device: backend });
  const found = await product(matrix(a), matrix(b)).data();
  for (let i = 0; i < n * n; i++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += (a[Math.floor(i / n) * n + k] ?? 0) * (b[k * n + (i % n)] ?? 0);
    if (found[i] !== Math.max(sum, 0)) return `computes ${found[i]} where ${Math.max(sum, 0)} is right; please report it`;
  }
  return undefined;
}

/** The best of several products of n×n matrices, each timed to its end. */
async function matmulSpeed(backend: Backend, n: number): Promise<number> {
  const values = Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1000) / 1000);
  const [a, b] = [tensor(values, { shape: [n, n], device: backend }), tensor(values, { shape: [n, n], device: backend })];
  const product = compile((x: typeof a, y: typeof b) => x.matmul(y));
  let best = Infinity;
  const end = performance.now() + 500;
  for (let i = 0; i < 3 || performance.now() < end; i++) {
    const start = performance.now();
    await product(a, b).data();
    if (i > 0) best = Math.min(best, performance.now() - start);
  }
  return (2 * n ** 3) / (best * 1e6);
}

/** What would make things faster, the most important thing first. */
export function adviceOn({ node, usableCores, cores, load, compiler, backends, cache }: Findings): string[] {
  const advice: string[] = [];
  const native = backends.find(({ name }) => name === "native");
  if (!compiler) advice.push("Install a C compiler (gcc or clang, such as by: apt install gcc): without one, kernels run as WebAssembly, several times slower.");
  else if (native && !native.works) advice.push(`Native kernels do not run: ${native.problem ?? ""}`);
  if (!native?.works && Number(node.split(".")[0]) < 22) advice.push(`Node ${node} lacks fused multiply-add in WebAssembly; Node 22 or newer has it.`);
  if (load > usableCores + 0.5) advice.push(`Other programs are busy (load ${load.toFixed(1)} on ${usableCores} cores): the speeds above would be higher without them.`);
  if (usableCores < cores) advice.push(`Only ${usableCores} of ${cores} cores may be used by this process.`);
  if (cache.kernels.bytes > 2e9) advice.push(`The cache holds ${formatBytes(cache.kernels.bytes)} of kernels; gradus cache clear frees them.`);
  return advice;
}

function formatGpu({ adapter, isSoftware, features, limits }: WebgpuInfo): string {
  const parts = [`tensors of ${formatBytes(limits.tensorBytes)}`, `${limits.buffers} buffers`, `${formatBytes(limits.sharedBytes)} shared by ${limits.invocations} invocations`, ...features];
  return `${adapter}${isSoftware ? ", in software" : ""}: ${parts.join(", ")}`;
}

function formatTuning({ measuredTiles }: WebgpuInfo): string {
  if (measuredTiles === 0) return "the GPU's tiles are not measured: opening the device does it, where the cache folder can keep them";
  return `${formatCount(measuredTiles)} of the GPU's tiles are measured; gradus cache clear has them measured anew`;
}

/** The findings for people. */
export function formatFindings(findings: Findings, paint: Paint): string {
  const { compiler, gpu, backends, cache } = findings;
  const advice = adviceOn(findings);
  const fact = (name: string, value: string): string => `${name.padEnd(10)} ${value}`;
  const idle = findings.usableCores < findings.cores ? ` of ${findings.cores}` : "";
  return [
    fact("Gradus", findings.gradus),
    fact("Node", `${findings.node} on ${findings.platform}`),
    fact("Processor", findings.processor),
    fact("Cores", `${findings.usableCores}${idle}, load ${findings.load.toFixed(1)}`),
    fact("Memory", formatBytes(findings.memoryBytes)),
    fact("Compiler", compiler ? `${compiler.compiler} (${compiler.version})` : paint("yellow", "none")),
    ...(compiler ? [fact("Features", compiler.features.join(", ") || "the basic ones")] : []),
    ...(gpu ? [fact("GPU", formatGpu(gpu)), fact("Tuning", formatTuning(gpu))] : []),
    "",
    "Backends, and their speed in a matrix product:",
    ...backends.map(({ name, works, threads, gflops, problem }) => {
      const mark = works ? paint("green", "works") : name === "webgpu" && !gpu ? paint("yellow", "none ") : paint("red", "fails");
      const speed = gflops === null ? (problem?.split("\n")[0] ?? "") : `${gflops.toFixed(gflops < 10 ? 3 : 0).padStart(6)} GFLOP/s`;
      return `  ${name.padEnd(10)} ${mark}  ${speed}${works && threads !== null ? `, ${formatThreads(threads)}` : ""}`;
    }),
    "",
    `Cache      ${formatCache(cache).join("\n")}`,
    "",
    advice.length === 0 ? "Nothing would make this machine faster." : "What would make things faster:",
    ...advice.map((line) => `  - ${line}`),
    "",
  ].join("\n");
}
