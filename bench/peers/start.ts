import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchOptions } from "../options.js";
import { emptyRow, type Row } from "../row.js";
import { Peer } from "./peer.js";
import { startPyTorch } from "./pytorch.js";

interface Source {
  readonly install: string;
  readonly start: (threads: number, warn: (text: string) => void) => Peer | undefined;
}

/** A peer of the package beside this file. */
function fromPackage(name: string, dependency: string, flags: readonly string[] = []): Source {
  const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  return {
    install: "run npm ci in bench/peers",
    start: (threads) =>
      existsSync(beside(`./node_modules/${dependency}`))
        ? new Peer(name, process.execPath, [...flags, beside(`./${name}.mjs`), String(threads)])
        : undefined,
  };
}

const sources: Readonly<Record<string, Source>> = {
  pytorch: {
    install: "install Debian's python3-torch, libopenblas0-pthread and libopenblas0-openmp",
    start: startPyTorch,
  },
  tfjs: fromPackage("tfjs", "@tensorflow/tfjs"),
  "jax-js": fromPackage("jax-js", "@jax-js/jax", ["--experimental-wasm-relaxed-simd"]),
  onnxruntime: fromPackage("onnxruntime", "onnxruntime-node"),
};

/** Starts the peers that were asked for; one that is not installed gives a row that says how to install it. */
export function startPeers(options: BenchOptions, threads: number, warn: (text: string) => void): { readonly peers: Peer[]; readonly missing: Row[] } {
  const peers: Peer[] = [];
  const missing: Row[] = [];
  for (const name of options.peers) {
    const source = sources[name];
    const peer = source?.start(threads, warn);
    if (peer) peers.push(peer);
    else {
      const note = source ? `not installed: ${source.install}` : `unknown peer: expected one of ${Object.keys(sources).join(", ")}`;
      missing.push({ ...emptyRow("peers", "not measured", options.device, threads), peer: name, note });
    }
  }
  return { peers, missing };
}
