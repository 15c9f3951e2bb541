import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../../test/browser/chromium.js";
import { serve, type Served } from "../../test/browser/serve.js";
import { busyShare, untilIdle } from "../busy.js";
import { steps } from "../cases/steps.js";
import { requireAgreement, type Values } from "../compare.js";
import { median } from "../measure.js";
import { isSelected, type BenchOptions } from "../options.js";
import { emptyRow, type Row } from "../row.js";
import type { PreparedInPage } from "./gradus-page.js";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const name = "lenet5-sgd";
const peerPages: Readonly<Record<string, string>> = { "jax-js": at("../peers/jax-js-page.mjs"), tfjs: at("../peers/tfjs-page.mjs") };
const devices = ["wasm", "webgpu"];

/** A framework in a page of its own. */
class FrameworkPage {
  readonly name: string;
  readonly #page: Page;
  readonly #served: Served;

  private constructor(framework: string, page: Page, served: Served) {
    this.name = framework;
    this.#page = page;
    this.#served = served;
  }

  static async open(browser: Browser, framework: string, entry: string): Promise<FrameworkPage> {
    const { outputFiles } = await build({
      stdin: { contents: `import * as exported from ${JSON.stringify(entry)}; globalThis.exported = exported;`, resolveDir: at(".") },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      write: false,
      logLevel: "error",
      // The cases are those of the other suites.
      plugins: [{ name: "platform", setup: ({ onResolve }) => onResolve({ filter: /\/src\/node\.js$/ }, () => ({ path: at("../../src/browser.ts") })) }],
    });
    const html = `<!doctype html><script type="module" src="/page.js"></script>`;
    const served = await serve({
      // The binaries of TensorFlow.js are fetched.
      folder: at("../peers/node_modules/@tensorflow/tfjs-backend-wasm/dist"),
      files: { "/index.html": html, "/page.js": outputFiles[0]?.text ?? "" },
      isolated: true,
    });
    const page = await browser.newPage();
    await page.goto(served.url);
    await page.waitForFunction("globalThis.exported");
    return new FrameworkPage(framework, page, served);
  }

  /** Calls an exported function. */
  async call(fn: string, ...args: readonly unknown[]): Promise<unknown> {
    await this.#page.bringToFront();
    return this.#page.evaluate(
      ([key, given]) => (globalThis as unknown as { exported: Record<string, (...args: readonly unknown[]) => unknown> }).exported[key]?.(...given),
      [fn, args] as const,
    );
  }

  async close(): Promise<void> {
    await this.#page.close();
    await this.#served.close();
  }
}

const typed = (values: Readonly<Record<string, readonly number[]>>): Values =>
  Object.fromEntries(Object.entries(values).map(([key, data]) => [key, Float32Array.from(data)]));

/** A LeNet-5 training step in Chromium, ours and the peers', in turns on pages that share memory; on WebGPU all have the same adapter. */
export async function measureBrowser(options: BenchOptions, add: (row: Row) => void): Promise<void> {
  const c = steps.find((found) => found.name === name);
  if (!c || !isSelected(name, options)) return;
  const browser = await launchChromium();
  try {
    for (const device of devices) for (const row of await measureDevice(browser, device, c.work, c.flops ?? 0, options)) add(row);
  } finally {
    await browser.close();
  }
}

async function measureDevice(browser: Browser, device: string, work: object, flops: number, options: BenchOptions): Promise<Row[]> {
  const base = emptyRow("browser", `${name} ${device}`, device, 1);
  const pages: FrameworkPage[] = [];
  try {
    const ours = await FrameworkPage.open(browser, "gradus", at("./gradus-page.ts"));
    pages.push(ours);
    const { given, results, threads, adapter } = (await ours.call("prepare", device, name)) as PreparedInPage;
    const notes = new Map<string, string>();
    const ready: FrameworkPage[] = [];
    for (const [peer, entry] of Object.entries(peerPages)) {
      if (!options.peers.includes(peer)) continue;
      try {
        if (!existsSync(at("../peers/node_modules"))) throw new Error("not installed: run npm ci in bench/peers");
        const page = await FrameworkPage.open(browser, peer, entry);
        pages.push(page);
        const theirs = (await page.call("prepare", device, work, given)) as Readonly<Record<string, readonly number[]>>;
        requireAgreement(typed(results), typed(theirs), typed(Object.fromEntries(Object.entries(given).map(([key, { data }]) => [key, data]))));
        ready.push(page);
      } catch (error) {
        notes.set(peer, error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
      }
    }
    const busy = await busyShare(200);
    const times = new Map([ours, ...ready].map((page): [FrameworkPage, number[]] => [page, []]));
    for (const page of times.keys()) await page.call("round", 0);
    for (let r = 0; r < options.rounds; r++) {
      for (const [page, list] of times) {
        await untilIdle();
        list.push(Number(await page.call("round", options.seconds)));
      }
    }
    const own = times.get(ours) ?? [];
    const oursMs = median(own);
    const spread = (Math.max(...own) - Math.min(...own)) / oursMs;
    const timed: Row = { ...base, case: base.case + (adapter ? ` (${adapter})` : ""), threads, oursMs, gflops: flops / oursMs / 1e6, spread, busy };
    const rows = ready.map((page): Row => {
      const peerMs = median(times.get(page) ?? []);
      return { ...timed, peer: page.name, peerMs, ratio: peerMs / oursMs };
    });
    for (const [peer, note] of notes) rows.push({ ...timed, peer, note });
    if (rows.length === 0) rows.push(timed);
    if (device !== "webgpu") return rows;
    const counts = (await ours.call("gpuCalls")) as Readonly<Record<string, number>>;
    return [...rows, ...Object.entries(counts).map(([unit, value]): Row => ({ ...emptyRow("browser-counts", `${name} ${unit}`, device, threads), value, unit: "a step" }))];
  } catch (error) {
    return [{ ...base, note: error instanceof Error ? error.message : String(error) }];
  } finally {
    for (const page of pages) await page.close();
  }
}
