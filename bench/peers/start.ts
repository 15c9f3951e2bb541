import type { BenchOptions } from "../options.js";
import { emptyRow, type Row } from "../row.js";
import type { Peer } from "./peer.js";
import { startPyTorch } from "./pytorch.js";

interface Source {
  readonly install: string;
  readonly start: (threads: number, warn: (text: string) => void) => Peer | undefined;
}

const sources: Readonly<Record<string, Source>> = {
  pytorch: {
    install: "install Debian's python3-torch, libopenblas0-pthread and libopenblas0-openmp",
    start: startPyTorch,
  },
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
