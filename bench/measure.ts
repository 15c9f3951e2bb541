import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualSeed } from "../src/node.js";
import { busyShare, untilIdle } from "./busy.js";
import type { BenchCase, Prepared } from "./case.js";

import { readTensors, requireAgreement, writeTensors, type Values } from "./compare.js";
import type { BenchOptions } from "./options.js";
import type { Peaks } from "./peak.js";
import type { Peer } from "./peers/peer.js";
import { emptyRow, type Row } from "./row.js";
import { timed } from "./peers/timed.mjs";

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Those of the peers that do the case and give what we do; what the others lack goes to `notes`. */
async function readyPeers(work: object, peers: readonly Peer[], files: Files, ours: Values, given: Values, notes: Map<Peer, string>): Promise<Peer[]> {
  const ready: Peer[] = [];
  for (const peer of peers) {
    try {
      if ((await peer.prepare(work, files.input, files.result)) === "unsupported") continue;
      requireAgreement(ours, readTensors(files.result), given);
      ready.push(peer);
    } catch (error) {
      notes.set(peer, messageOf(error));
    }
  }
  return ready;
}

interface Files {
  readonly input: string;
  readonly result: string;
}

/** Checks a case against the peers and times it in turns with them: a row for each peer, or one without. */
export async function measureCase(c: BenchCase, peers: readonly Peer[], peaks: Peaks, threads: number, options: BenchOptions): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "gradus-bench-"));
  const files = { input: join(folder, "input.safetensors"), result: join(folder, "result.safetensors") };
  const base = emptyRow(c.suite, c.name, options.device, threads);
  try {
    manualSeed(0);
    const prepared = c.prepare(options.device);
    const given = await writeTensors(files.input, prepared.given);
    const ours = await prepared.check();
    const notes = new Map<Peer, string>();
    const ready = await readyPeers(c.work, peers, files, ours, given, notes);
    const busy = await busyShare(200);
    const { own, theirs } = await alternate(prepared, ready, options);
    const timed = { ...base, ...rates(c, median(own), peaks, options.device), spread: (Math.max(...own) - Math.min(...own)) / median(own), busy };
    const rows = ready.map((peer): Row => {
      const peerMs = median(theirs.get(peer) ?? []);
      return { ...timed, peer: peer.name, peerMs, ratio: peerMs / timed.oursMs };
    });
    for (const [peer, note] of notes) rows.push({ ...timed, peer: peer.name, note });
    return rows.length > 0 ? rows : [timed];
  } catch (error) {
    return [{ ...base, note: messageOf(error) }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function alternate(prepared: Prepared, peers: readonly Peer[], { rounds, seconds }: BenchOptions): Promise<{ own: number[]; theirs: Map<Peer, number[]> }> {
  const own: number[] = [];
  const theirs = new Map(peers.map((peer): [Peer, number[]] => [peer, []]));
  for (let i = 0; i < 2; i++) await prepared.run();
  for (let r = 0; r < rounds; r++) {
    await untilIdle();
    own.push(await timed(prepared.run, seconds));
    for (const [peer, times] of theirs) {
      await untilIdle();
      times.push(await peer.round(seconds));
    }
  }
  return { own, theirs };
}

function rates({ flops, bytes }: BenchCase, oursMs: number, peaks: Peaks, device: string): Pick<Row, "gflops" | "gbs" | "peakShare"> & { oursMs: number } {
  const gflops = flops === undefined ? null : flops / oursMs / 1e6;
  const gbs = bytes === undefined ? null : bytes / oursMs / 1e6;
  const arithmetic = device === "wasm" ? peaks.wasmGflops : peaks.float32Gflops;
  return { oursMs, gflops, gbs, peakShare: gflops !== null ? gflops / arithmetic : gbs !== null ? gbs / peaks.copyGBs : null };
}
