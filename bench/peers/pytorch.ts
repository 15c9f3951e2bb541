import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Peer } from "./peer.js";

const python = "/usr/bin/python3";
const script = fileURLToPath(new URL("./pytorch.py", import.meta.url));
const libraries = "/usr/lib";

/** Milliseconds of the products that choose a build, above which the library behind it is the reference BLAS. */
const slowProduct = 100;

/** Folders with builds of OpenBLAS, as Debian's packages lay them out. */
function openBlasFolders(): string[] {
  if (!existsSync(libraries)) return [];
  return readdirSync(libraries).flatMap((architecture) =>
    ["openblas-pthread", "openblas-openmp"].map((build) => join(libraries, architecture, build)).filter((folder) => existsSync(join(folder, "libblas.so.3"))),
  );
}

function isInstalled(): boolean {
  return existsSync(python) && spawnSync(python, ["-c", "import torch"]).status === 0;
}

/** The most memory in MiB that a process has which does some steps of a training case; undefined where there is no torch. */
export function pyTorchMemory(threads: number, work: object): number | undefined {
  if (!isInstalled()) return undefined;
  return Number(execFileSync(python, ["-B", script, String(threads), "--memory", JSON.stringify(work)], { encoding: "utf8" }));
}

/** PyTorch of the system's Python with the faster build of OpenBLAS; undefined where there is no torch. */
export function startPyTorch(threads: number, warn: (text: string) => void): Peer | undefined {
  if (!isInstalled()) return undefined;
  const candidates = [undefined, ...openBlasFolders()].map((folder) => {
    const env = folder === undefined ? process.env : { ...process.env, LD_LIBRARY_PATH: folder };
    return { folder, env, ms: Number(execFileSync(python, ["-B", script, String(threads), "--product"], { env, encoding: "utf8" })) };
  });
  const [best] = candidates.sort((a, b) => a.ms - b.ms);
  if (!best) return undefined;
  console.log(`pytorch runs with ${best.folder ?? "the BLAS that the system chose"}`);
  if (best.ms > slowProduct) {
    warn(`PyTorch has no OpenBLAS here (a 1024×1024 product and ten small ones take ${best.ms.toFixed(0)} ms), which is no fair peer: install libopenblas0-pthread and libopenblas0-openmp`);
  }
  return new Peer("pytorch", python, ["-B", script, String(threads)], { env: best.env });
}
