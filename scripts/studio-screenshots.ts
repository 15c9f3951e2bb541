// Takes the pictures of docs/studio/: npm run screenshots [FOLDER]. Trains the networks that are in them (a minute or two), in a folder of its own.
// Needs the built command (npm run build) and Chromium, as the tests in a browser do.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { decode, encode } from "fast-png";
import type { Locator, Page } from "playwright-core";
import { digitForms } from "../src/data/digit-strokes.js";
import { startStudio } from "../src/studio/studio-server.js";
import { launchChromium } from "../test/browser/chromium.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "docs/studio"));
const work = mkdtempSync(join(tmpdir(), "gradus-pictures-"));

/** Trains into `runs/NAME`; batches of which 18 times 10 are an epoch of what is not held out. */
function train(name: string, ...options: readonly string[]): ChildProcess {
  const args = ["train", ...options, "--batch-size", "50", "--validation", "0.1", "--grad-norm", "--out", `runs/${name}`];
  return spawn(process.execPath, [join(root, "bin/gradus.js"), ...args], { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
}

async function trained(name: string, ...options: readonly string[]): Promise<void> {
  const code = await new Promise((ended) => train(name, ...options).on("exit", ended));
  if (code !== 0) throw new Error(`training ${name} ended with ${String(code)}`);
}

interface Picture {
  readonly name: string;
  /** What the address says after `#/`. */
  readonly path: string;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** Brings the page into the state that is shown. */
  readonly prepare: (page: Page) => Promise<void>;
}

const phone = { width: 390, height: 844 };
const all = "runs?runs=lenet-sgd,lenet,mlp-lr-0.02,mlp,softmax&smooth=0.6";

const showCurves = async (page: Page): Promise<void> => {
  await page.getByRole("group", { name: /^Memory,/ }).waitFor();
  await page.getByText("running").first().waitFor();
};

/** The values under the pointer, of fewer runs than would cover the curves. */
const readValues = async (page: Page): Promise<void> => {
  await showCurves(page);
  await page.locator(".u-over").nth(1).hover({ position: { x: 120, y: 60 } });
};

const showTop = async (card: Locator): Promise<void> => {
  await card.evaluate((element) => scrollTo(0, element.getBoundingClientRect().top + scrollY - 12));
};

const learnSpirals = async (page: Page): Promise<void> => {
  await page.getByText("Spirals", { exact: false }).first().click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForTimeout(15_000);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.evaluate(() => scrollTo(0, 0));
};

const readDrawing = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText("95 % were reached").waitFor({ timeout: 120_000 });
  await page.locator(".drawing-pad").scrollIntoViewIfNeeded();
  const box = await page.locator(".drawing-pad").boundingBox();
  if (!box) throw new Error("the page has no sheet");
  for (const stroke of digitForms[3]?.[0]?.strokes ?? []) {
    for (let k = 0; k < stroke.length; k += 2) {
      await page.mouse.move(box.x + box.width * (0.5 + ((stroke[k] ?? 0) - 50) / 180), box.y + box.height * (0.5 + ((stroke[k + 1] ?? 0) - 50) / 140), { steps: 6 });
      if (k === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
};

const pictures: readonly Picture[] = [
  { name: "runs", path: all, prepare: showCurves },
  { name: "runs-dark", path: "runs?runs=lenet,mlp&run=lenet&smooth=0.6&log=1", colorScheme: "dark", prepare: readValues },
  {
    name: "test",
    path: "runs?runs=softmax&run=softmax",
    height: 800,
    prepare: async (page) => {
      await page.getByRole("table", { name: /Rows: what it is/ }).waitFor();
      await showTop(page.locator(".run-panel"));
    },
  },
  { name: "runs-phone", path: all, ...phone, prepare: showCurves },
  { name: "neuron", path: "lab/neuron", height: 900, prepare: async (page) => {
    await learnSpirals(page);
    await showTop(page.locator(".card", { has: page.getByRole("button", { name: "Reset", exact: true }) }).last());
  } },
  { name: "neuron-phone", path: "lab/neuron", ...phone, prepare: async (page) => {
    await learnSpirals(page);
    await showTop(page.locator(".card", { has: page.getByRole("heading", { name: "Answer", exact: true }) }).last());
  } },
  { name: "digits-dark", path: "lab/digits", height: 900, colorScheme: "dark", prepare: async (page) => {
    await readDrawing(page);
    await showTop(page.locator(".card", { has: page.getByRole("button", { name: "New network" }) }).last());
  } },
  { name: "digits-phone", path: "lab/digits", ...phone, prepare: async (page) => {
    await readDrawing(page);
    await showTop(page.locator(".card", { has: page.locator(".drawing-pad") }).last());
  } },
];

/** A picture in shades that are four apart, which nobody sees, and which takes a third less. */
function shrunk(png: Uint8Array): Uint8Array {
  const picture = decode(png);
  return encode({ ...picture, data: Uint8Array.from(picture.data, (value) => Math.min(255, 4 * Math.round(value / 4))) }, { zlib: { level: 9 } });
}

mkdirSync(out, { recursive: true });
const browser = await launchChromium();
let running: ChildProcess | undefined;
let studio: Awaited<ReturnType<typeof startStudio>> | undefined;
try {
  await trained("softmax", "softmax-regression", "--epochs", "4");
  await trained("mlp", "mlp", "--epochs", "4");
  await trained("mlp-lr-0.02", "mlp", "--epochs", "4", "--lr", "0.02");
  await trained("lenet", "lenet", "--epochs", "3");
  studio = await startStudio({ pages: join(root, "dist/studio/pages"), runs: join(work, "runs"), port: 0 });
  // One is seen while it trains.
  running = train("lenet-sgd", "lenet", "--epochs", "20", "--optimizer", "sgd", "--lr", "0.06");
  const metrics = join(work, "runs/lenet-sgd/metrics.jsonl");
  while (!existsSync(metrics) || !readFileSync(metrics, "utf8").includes('"step":300,')) {
    if (running.exitCode !== null) throw new Error("the run that was to be seen while it trains has ended");
    await setTimeout(200);
  }
  // However fast the machine is, it is not at its end when the pictures are taken.
  running.kill("SIGSTOP");
  for (const { name, path, width = 1280, height = 860, colorScheme = "light", prepare } of pictures) {
    if (!path.startsWith("runs")) running.kill("SIGKILL");
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    await page.goto(studio.address);
    await page.goto(`${new URL("/", studio.address).href}#/${path}`);
    await prepare(page);
    await page.waitForTimeout(600);
    writeFileSync(join(out, `${name}.png`), shrunk(await page.screenshot()));
    await context.close();
    console.log(join(out, `${name}.png`));
  }
} finally {
  running?.kill("SIGKILL");
  await browser.close();
  await studio?.close();
  rmSync(work, { recursive: true, force: true });
}
