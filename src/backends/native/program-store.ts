import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Program } from "../../compiler/program.js";
import type { Target } from "../../compiler/target.js";
import { debugLevel, isVerifying } from "../../core/debug.js";
import { graphKey } from "../../ir/attrs-key.js";
import type { Graph } from "../../ir/graph.js";
import { readSummed, writeSummed } from "./cache-entry.js";

/** What a program keeps of a kernel whose machine code lies in the cache folder. */
export interface BuiltKernel {
  readonly name: string;
  readonly flops: number;
  readonly bytes: number;
  readonly scratchBytes: number;
  /** The identity of its source. */
  readonly key: string;
}

export type BuiltProgram = Omit<Program, "kernels"> & { readonly kernels: readonly BuiltKernel[] };

/**
 * Compiled programs in the cache folder, so that another process need not plan and lower them again. A file there holds the
 * SHA-256 of its content and the program as JSON; its name is a hash of the graph, the target, the C compiler and this
 * library's own code. Nothing is stored or found while the compiler is watched: it would have nothing to tell.
 */
export class ProgramStore {
  readonly #folder: string;
  readonly #toolchain: string;

  constructor(folder: string, toolchainIdentity: string) {
    this.#folder = folder;
    this.#toolchain = toolchainIdentity;
  }

  find(graph: Graph, target: Target): BuiltProgram | undefined {
    if (isWatched()) return undefined;
    try {
      const json = readSummed(this.#folder, this.#name(graph, target));
      if (json === undefined) return undefined;
      const stored = JSON.parse(json) as Omit<BuiltProgram, "inputs" | "outputs" | "constants"> & { readonly constants: readonly string[] };
      const constants = stored.constants.map((text) => new Uint8Array(Buffer.from(text, "base64")));
      return { ...stored, constants, inputs: graph.inputs, outputs: graph.outputs };
    } catch {
      return undefined;
    }
  }

  keep(graph: Graph, target: Target, { inPlace, constants, arenaBytes, kernels, steps, flops, bytes }: BuiltProgram): void {
    if (isWatched()) return;
    const texts = constants.map((c) => Buffer.from(c).toString("base64"));
    const json = JSON.stringify({ inPlace, constants: texts, arenaBytes, kernels, steps, flops, bytes });
    writeSummed(this.#folder, this.#name(graph, target), json);
  }

  #name(graph: Graph, target: Target): string {
    const hash = createHash("sha256").update(JSON.stringify([codeIdentity(), this.#toolchain, target, graph.donate ?? []]));
    return `${hash.update(graphKey(graph)).digest("hex").slice(0, 40)}.json`;
  }
}

function isWatched(): boolean {
  return debugLevel() > 0 || isVerifying();
}

let identity: string | undefined;

/** Changes with all code that a program's making depends on. */
function codeIdentity(): string {
  if (identity === undefined) {
    const hash = createHash("sha256");
    for (const file of codeFiles()) hash.update(readFileSync(file));
    identity = hash.digest("hex");
  }
  return identity;
}

/** This module's folders, or the one file that the build joined them to, which names the files it needs by their content. */
function codeFiles(): string[] {
  const own = fileURLToPath(import.meta.url);
  if (!basename(own).startsWith("program-store.")) return [own];
  const root = join(dirname(own), "../..");
  return ["core", "ir", "ir/math", "ops", "compiler", "backends/native"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => /\.[jt]s$/.test(name) && !/\.(test|d)\.ts$/.test(name))
      .map((name) => join(root, folder, name)),
  );
}
