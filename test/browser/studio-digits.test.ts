import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { digitForms } from "../../src/data/digit-strokes.js";
import { readZip } from "../../src/io/zip.js";
import type { Studio } from "../../src/studio/studio-server.js";
import { openStudio, serveStudio, violations, type StudioPage } from "./studio-page.js";

const root = resolve(import.meta.dirname, "../..");
const runs = await mkdtemp(join(tmpdir(), "gradus-digits-"));
let studio: Studio;

beforeAll(async () => {
  studio = await serveStudio(runs);
});

afterAll(async () => {
  await studio.close();
  await rm(runs, { recursive: true, force: true });
});

const openLab = (options: BrowserContextOptions = {}, query = ""): Promise<StudioPage> => openStudio(studio, `lab/digits${query}`, options);

const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
const figure = async (page: Page, name: string): Promise<number> => {
  const text = await page.locator(".numbers div", { has: page.getByText(name, { exact: true }) }).locator("dd").textContent();
  return Number((text ?? "").replaceAll(",", "").replace(" %", ""));
};
const gradus = async (...args: readonly string[]): Promise<string> => (await promisify(execFile)(process.execPath, [join(root, "bin/gradus.js"), ...args], { cwd: runs })).stdout;

/** Writes a digit as its first written form goes, with the pen of a mouse. */
async function write(page: Page, digit: number): Promise<string> {
  await page.locator(".drawing-pad").scrollIntoViewIfNeeded();
  const box = await page.locator(".drawing-pad").boundingBox();
  if (!box) throw new Error("the page has no sheet");
  for (const stroke of digitForms[digit]?.[0]?.strokes ?? []) {
    for (let k = 0; k < stroke.length; k += 2) {
      // The forms' box of 100 × 100 is narrower in handwriting.
      const x = box.x + box.width * (0.5 + (((stroke[k] ?? 0) - 50) / 100) * 0.55);
      const y = box.y + box.height * (0.5 + (((stroke[k + 1] ?? 0) - 50) / 100) * 0.7);
      await page.mouse.move(x, y, { steps: k === 0 ? 1 : 3 });
      if (k === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
  await page.waitForTimeout(150);
  const answer = await page.locator(".probabilities .best th").textContent();
  await press(page, "Clear");
  return answer ?? "";
}

it("learns to read digits in the page, reads drawn ones, and goes on after a reload; Node reads the run as the page does", async () => {
  const { page, errors } = await openLab();
  await press(page, "Train");
  await page.getByText("95 % were reached").waitFor({ timeout: 60_000 });
  const seconds = Number(await page.locator(".curves output").textContent());

  // In the middle of the training.
  const before = await figure(page, "Batches");
  await page.waitForTimeout(1700);
  await page.reload();
  await page.getByText("Training.", { exact: true }).waitFor();
  const resumed = await figure(page, "Batches");
  expect(resumed).toBeGreaterThan(before / 2);
  await page.waitForFunction((from) => Number((document.querySelectorAll(".numbers dd")[2]?.textContent ?? "").replaceAll(",", "")) > from, resumed);
  await page.locator(".confusion").waitFor();
  await press(page, "Pause");
  await page.getByText("Paused.", { exact: true }).waitFor();
  expect(await figure(page, "Accuracy")).toBeGreaterThan(95);

  for (const digit of [2, 3, 4, 7]) expect(await write(page, digit)).toBe(String(digit));
  const answerMs = Number(await page.locator(".answer output").textContent());
  console.log(`studio-digits: 95 % after ${seconds} s, from stroke to probabilities ${answerMs} ms (median of 30)`);

  // By keys.
  await page.locator(".drawing-pad").focus();
  await page.keyboard.press(" ");
  for (let k = 0; k < 16; k++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press(" ");
  await page.locator(".probabilities .best th", { hasText: "1" }).waitFor();

  await press(page, `Save in ${runs}`);
  await page.getByText("Saved as my-digits.").waitFor();
  const told = JSON.parse(await readFile(join(runs, "my-digits/evaluation.json"), "utf8")) as { accuracy: number; confusion: number[][] };
  const read = JSON.parse(await gradus("evaluate", "my-digits", "--json", "--device", "wasm")) as { accuracy: number; confusion: number[][] };
  expect(read.accuracy).toBeCloseTo(told.accuracy, 6);
  expect(read.confusion).toEqual(told.confusion);
  expect(JSON.parse(await readFile(join(runs, "my-digits/model.json"), "utf8"))).toMatchObject({ input: [1, 1, 28, 28], parameters: 61706 });

  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
  expect(errors).toEqual([]);
});

it("opens a run of the command line on a phone, where a finger writes without moving the page", async () => {
  await gradus("train", "softmax-regression", "--epochs", "1", "--limit", "2000", "--device", "wasm", "--out", "cli-run");
  const { page, errors } = await openLab({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, "?run=cli-run");
  await page.getByText("Opened cli-run.").waitFor();
  const files = ["model.safetensors", "recipe.json", "metrics.jsonl"].map((name) => join(runs, "cli-run", name));
  await page.locator("input[type=file]").last().setInputFiles(files);
  await page.getByText("Opened the run.").waitFor();
  await page.getByRole("option", { name: "cli-run (digits)" }).waitFor({ state: "attached" });
  const lines = (await readFile(join(runs, "cli-run/metrics.jsonl"), "utf8")).trim().split("\n");
  const { test } = JSON.parse(lines.at(-1) ?? "{}") as { test: { accuracy: number } };
  await page.getByText(`${(100 * test.accuracy).toFixed(2)} %`).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);

  await page.locator(".drawing-pad").scrollIntoViewIfNeeded();
  const box = await page.locator(".drawing-pad").boundingBox();
  const top = await page.evaluate(() => scrollY);
  const session = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", share: number) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) * share }] });
  await touch("touchStart", 0.85);
  for (let k = 1; k <= 14; k++) await touch("touchMove", 0.85 - 0.05 * k);
  await touch("touchEnd", 0);
  await page.locator(".probabilities .best th", { hasText: "1" }).waitFor();
  expect(await page.evaluate(() => scrollY)).toBe(top);

  const downloading = page.waitForEvent("download");
  await press(page, "Download as .zip");
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("my-digits.zip");
  const entries = readZip(await readFile(await download.path()));
  const weights = await entries.get("my-digits/model.safetensors")?.read();
  expect(weights && Buffer.from(weights)).toEqual(await readFile(join(runs, "cli-run/model.safetensors")));
  expect(errors).toEqual([]);
});
