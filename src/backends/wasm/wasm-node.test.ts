import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

/** A process of its own, because what is tested is when it ends. */
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-wasm-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const start = `
  import { createNodeWasm } from "./wasm-node.js";
  import { ExprBuilder } from "../../ir/expr-builder.js";
  const b = new ExprBuilder();
  const item = b.counter("item", 1000);
  const value = b.add(b.load(0, "float32", b.ref(item)), b.const(1, "float32"));
  const buffers = ["read", "write"].map((access) => ({ dtype: "float32", access, scratchSize: 0 }));
  const kernel = { name: "add-one", buffers, item, body: [{ kind: "store", buffer: 1, index: b.ref(item), value }], intCount: 0, flops: 0, bytes: 0 };
  const place = (base) => ({ base, index: 0, offset: 0, strides: [] });
  const launch = { kind: "launch", kernel: 0, buffers: [place("input"), place("output")], ints: [], items: 1000, grain: 100 };
  const types = [{ shape: [1000], dtype: "float32" }];
  const program = {
    inputs: types, outputs: types, inPlace: [-1], constants: [], arenaBytes: 0, kernels: [kernel],
    steps: [{ kind: "loop", count: 2000, body: [launch] }], flops: 0, bytes: 1e9,
  };
  const device = createNodeWasm({ threads: 2 });
  const run = device.loadProgram({ inputs: [], outputs: [] }, program);
  const x = device.upload(new Uint8Array(4000));
  const y = device.allocate(4000);
`;

async function output(script: string): Promise<string> {
  const outfile = join(folder, "script.mjs");
  const stdin = { contents: start + script, resolveDir: import.meta.dirname, loader: "ts" as const };
  await build({ stdin, bundle: true, platform: "node", format: "esm", outfile, logLevel: "error" });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { timeout: 40_000 });
  return stdout.trim();
}

it("keeps the process alive for a pending read, and no longer", async () => {
  expect(
    await output(
      `device.submit(run, [x], [y]); device.read(y).then((bytes) => console.log(new Float32Array(bytes.buffer)[7]));`,
    ),
  ).toBe("1");
});

it("keeps the process alive for pending work that nobody reads", async () => {
  const script = `
    device.submit(run, [x], [y]);
    process.once("beforeExit", () => console.log(device.pending));
  `;
  expect(await output(script)).toBe("0");
});

it("ends only after close() when that follows a read at once", async () => {
  const script = `
    device.submit(run, [x], [y]);
    await device.read(y);
    await device.close();
    console.log("closed");
  `;
  expect(await output(script)).toBe("closed");
});

it("lets a process end that never used its threads", async () => {
  expect(await output(`console.log("done")`)).toBe("done");
});

it("waits in loops that never reach the event loop", async () => {
  expect(
    await output(
      `for (let k = 0; k < 40; k++) device.submit(run, [k % 2 ? y : x], [k % 2 ? x : y]); console.log(new Float32Array(device.readSync(x).buffer)[999])`,
    ),
  ).toBe("40");
});
