import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encode } from "fast-png";
import type { Studio } from "../../src/studio/studio-server.js";
import { runningHere } from "../../src/train/running.js";
import { browser, openSite } from "./open-page.js";
import { openStudio, serveStudio, violations, type StudioPage } from "./studio-page.js";

let folder = "";
let studio: Studio;
const opened: StudioPage[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-runs-"));
  studio = await serveStudio(folder);
});
afterEach(async () => {
  const errors = opened.flatMap((page) => page.errors);
  for (const { page } of opened.splice(0)) await page.context().close();
  await studio.close();
  await rm(folder, { recursive: true, force: true });
  expect(errors).toEqual([]);
});

async function open(path: string, options: Parameters<typeof openStudio>[2] = {}): Promise<Page> {
  const studioPage = await openStudio(studio, path, options);
  opened.push(studioPage);
  return studioPage.page;
}

/** A line of training; the loss is 1 / step. */
const line = (step: number): string => `${JSON.stringify({ step, epoch: step / 100, loss: 1 / step, lr: 0.001, gradNorm: step / 50, seconds: step / 10, examplesPerSecond: 500 + step, memoryBytes: 1e8 })}\n`;
const lines = (from: number, to: number): string => Array.from({ length: Math.floor((to - from) / 20) + 1 }, (_, i) => line(from + 20 * i)).join("");
const validation = (step: number, accuracy: number): string => `${JSON.stringify({ step, epoch: step / 100, validation: { loss: 2 / step, accuracy } })}\n`;

interface FakeRun {
  readonly metrics: string;
  readonly isOver?: boolean;
  readonly options?: object;
  readonly started?: string;
}

/** Writes the files of a run as `gradus train` does. */
async function writeRun(name: string, { metrics, isOver = true, options = {}, started = "2026-01-01T00:00:00Z" }: FakeRun): Promise<void> {
  const run = join(folder, name);
  await mkdir(run, { recursive: true });
  const recipe = { recipe: "mlp", data: "digits", options: { epochs: 3, lr: 0.001, ...options }, parameters: 30, trained: { steps: 1, interrupted: !isOver }, environment: { started }, ...(!isOver && { running: runningHere() }) };
  const rows = [
    { name: "", kind: "Mlp", depth: 0, outputs: [[1, 3]], parameters: 30, multiplyAdds: 27 },
    { name: "fc", kind: "Linear", depth: 1, outputs: [[1, 3]], parameters: 30, multiplyAdds: 27 },
  ];
  await writeFile(join(run, "model.json"), JSON.stringify({ input: [1, 1, 3, 3], rows, parameters: 30, trainable: 30, multiplyAdds: 27 }));
  if (isOver) {
    const misread = [
      { index: 7, actual: 2, predicted: 1, confidence: 0.91 },
      { index: 3, actual: 1, predicted: 2, confidence: 0.6 },
    ];
    const evaluation = { task: "classification", examples: 12, loss: 0.3, accuracy: 10 / 12, classes: ["a", "b", "c"], confusion: [[4, 0, 0], [0, 3, 1], [0, 1, 3]], wrong: 2, misread, pictures: { width: 3, height: 3, columns: 10, count: 2 } };
    await writeFile(join(run, "evaluation.json"), JSON.stringify(evaluation));
    await writeFile(join(run, "misread.png"), encode({ width: 30, height: 3, channels: 1, depth: 8, data: new Uint8Array(90).fill(99) }));
  }
  await writeFile(join(run, "metrics.jsonl"), metrics);
  await writeFile(join(run, "recipe.json"), JSON.stringify(recipe));
}

const chart = (page: Page, title: string) => page.getByRole("group", { name: new RegExp(`^${title},`) });
const spoken = (page: Page, title: string) => chart(page, title).getByRole("status");

/** Where a chart's plot lies; a chart that is drawn anew is without one for a moment. */
async function plotOf(page: Page, title: string): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = async () => chart(page, title).locator(".u-over").boundingBox();
  await expect.poll(box).not.toBeNull();
  return (await box()) ?? expect.fail("the chart has no plot");
}

/** What a chart says at its right end, by keyboard. */
async function last(page: Page, title: string): Promise<string> {
  await chart(page, title).focus();
  await page.keyboard.press("End");
  return (await spoken(page, title).textContent()) ?? "";
}

it("follows a run that trains, to its end", async () => {
  await writeRun("live", { metrics: lines(20, 100), isOver: false });
  const page = await open("runs");
  await page.getByText("running").first().waitFor();
  await chart(page, "Loss").waitFor();
  expect(await last(page, "Loss")).toBe("Step 100: live 0.01");
  await appendFile(join(folder, "live", "metrics.jsonl"), lines(120, 200));
  await expect.poll(() => last(page, "Loss")).toBe("Step 200: live 0.005");
  expect(await last(page, "Examples per second")).toBe("Step 200: live 700");
  expect(await last(page, "Gradient norm")).toBe("Step 200: live 4");
  // A half line is no point yet.
  await appendFile(join(folder, "live", "metrics.jsonl"), line(220) + line(240).slice(0, 20));
  await expect.poll(() => last(page, "Loss")).toBe("Step 220: live 0.004545");
  // The training goes on from a checkpoint, then comes to its end.
  await writeRun("live", { metrics: `${lines(20, 160)}{"step":160,"epoch":1.6,"test":{"loss":0.25,"accuracy":0.875}}\n` });
  await expect.poll(() => last(page, "Loss")).toBe("Step 160: live 0.00625");
  await page.getByRole("button", { name: /live 87\.50 %.*finished/ }).waitFor();
  await page.getByRole("button", { name: "1 of c read as b" }).click();
  await page.getByRole("heading", { name: "c read as b: 1" }).waitFor();
  expect(await page.getByRole("img", { name: "Test example 7" }).count()).toBe(1);
  // Another run appears by itself.
  await writeRun("second", { metrics: lines(20, 40), isOver: false, started: "2026-01-02T00:00:00Z" });
  await page.getByRole("button", { name: /^second/ }).waitFor();
});

it("overlays runs, smooths, changes axes, zooms, and says what differs", async () => {
  await writeRun("one", { metrics: lines(20, 400) + validation(400, 0.9) });
  await writeRun("two", { metrics: lines(20, 200), options: { lr: 0.01 }, started: "2026-01-02T00:00:00Z" });
  const page = await open("runs");
  await page.getByRole("checkbox", { name: "Draw one" }).check();
  await expect.poll(() => last(page, "Loss")).toBe("Step 400: two 0.005, one, training 0.0025, one, validation 0.005");
  expect(await last(page, "Accuracy")).toBe("Step 400: one, validation 90 %");
  await page.getByText("Epoch", { exact: true }).click();
  await expect.poll(() => last(page, "Loss")).toContain("Epoch 4:");
  await page.getByText("Time", { exact: true }).click();
  await expect.poll(() => last(page, "Loss")).toContain("Time of training 0:40:");
  await page.getByText("Step", { exact: true }).click();
  await page.getByRole("slider", { name: "Smoothing" }).fill("0.5");
  // Independent of the page: the weighted mean of 1/20, 1/40, ….
  const values = Array.from({ length: 10 }, (_, i) => 1 / (20 + 20 * i));
  const weights = values.map((_, i) => 0.5 ** (9 - i));
  const smooth = values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0) / weights.reduce((a, b) => a + b);
  await page.getByRole("checkbox", { name: "Draw one" }).uncheck();
  await expect.poll(() => last(page, "Loss")).toBe(`Step 200: two ${Number(smooth.toPrecision(4))} (0.005)`);
  await page.getByRole("checkbox", { name: "Logarithmic" }).check();

  const box = await plotOf(page, "Loss");
  await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 50, { steps: 4 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Show all" }).and(page.locator(":enabled")).waitFor();
  // Half of 20 to 200 is 110, three quarters are 155.
  await expect.poll(() => last(page, "Loss")).toContain("Step 140:");
  await page.keyboard.press("Home");
  expect(await spoken(page, "Loss").textContent()).toContain("Step 120:");
  // Half of the 45 steps further on: from 133 to 178.
  await page.keyboard.press("PageDown");
  await expect.poll(() => last(page, "Loss")).toContain("Step 160:");
  // Pulled by a quarter to the right, it goes back by as much: from 121 to 166.
  await page.keyboard.down("Shift");
  await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 50, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await expect.poll(() => page.locator(".shown-range").innerText()).toMatch(/^Step 12\d(?:\.\d)? to 16\d/);
  // A turn of the wheel at the left end shows a quarter more at the right one: to 178.
  await page.keyboard.down("Alt");
  await page.mouse.move(box.x + 1, box.y + 50);
  await page.mouse.wheel(0, 1);
  await page.keyboard.up("Alt");
  await expect.poll(() => page.locator(".shown-range").innerText()).toMatch(/^Step 12\d(?:\.\d)? to 17\d/);
  await page.keyboard.press("Escape");
  await expect.poll(() => last(page, "Loss")).toContain("Step 200:");
  // A box is larger in both directions, and a double click shows all again.
  await page.mouse.move(box.x + box.width * 0.25, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 100, { steps: 4 });
  await page.mouse.up();
  await page.locator(".shown-range").waitFor();
  await page.mouse.dblclick(box.x + box.width * 0.5, box.y + 50);
  await page.locator(".shown-range").waitFor({ state: "detached" });

  const downloading = page.waitForEvent("download");
  await page.getByTitle("Save Loss").click();
  await page.getByRole("button", { name: "CSV" }).first().click();
  const csv = (await readFile(await (await downloading).path(), "utf8")).trim().split("\r\n");
  expect(csv).toEqual(["run,curve,step,value", ...values.map((value, i) => `two,train/loss,${20 + 20 * i},${value}`)]);

  await page.getByRole("button", { name: /^one/ }).click();
  await page.getByRole("button", { name: "Draw only one" }).click();
  await expect.poll(() => page.getByRole("checkbox", { name: /^Draw / }).evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).checked))).toEqual([false, true]);
  await page.getByRole("button", { name: /^two/ }).click();
  await page.getByRole("tab", { name: "Configuration" }).click();
  await page.getByLabel("Compare with").selectOption({ label: "one" });
  await expect.poll(() => page.locator(".configuration tbody tr").allInnerTexts()).toEqual(["options.lr\t0.01\t0.001", "environment.started\t2026-01-02T00:00:00Z\t2026-01-01T00:00:00Z"]);
  await page.getByRole("tab", { name: "Model" }).click();
  expect(await page.locator(".layers tbody tr").allInnerTexts()).toEqual(["model\tMlp\t1 × 3\t30\t27", "fc\tLinear\t1 × 3\t30\t27"]);
});

it("takes back a zoom in values, by its button and where a logarithmic axis cannot show it; a menu gives the focus back", async () => {
  await writeRun("one", { metrics: lines(20, 200) });
  const page = await open("runs");
  await chart(page, "Loss").waitFor();
  const showAll = page.getByTitle("Show all values of Loss");
  const zoom = async (): Promise<void> => {
    const box = await plotOf(page, "Loss");
    // Across to the plot's lower edge, which is 0.
    await page.mouse.move(box.x + 100, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 101, box.y + box.height + 20, { steps: 4 });
    await page.mouse.up();
    await showAll.waitFor();
  };
  await zoom();
  await showAll.click();
  await showAll.waitFor({ state: "detached" });
  await zoom();
  await page.getByRole("checkbox", { name: "Logarithmic" }).check();
  await showAll.waitFor({ state: "detached" });
  await expect.poll(() => last(page, "Loss")).toBe("Step 200: one 0.005");
  // One chart the other way, and fewer charts in a row: kept over a reload.
  const own = page.getByTitle("Logarithmic values of Loss");
  const columns = (): Promise<number> => page.locator(".charts").evaluate((element) => getComputedStyle(element).gridTemplateColumns.split(" ").length);
  await expect.poll(() => own.getAttribute("aria-pressed")).toBe("true");
  await own.click();
  expect(await columns()).toBe(2);
  await page.getByText("More settings").click();
  await page.getByLabel("Width of charts").fill("1200");
  await expect.poll(columns).toBe(1);
  await page.reload();
  await expect.poll(() => own.getAttribute("aria-pressed")).toBe("false");
  expect(await columns()).toBe(1);

  const menu = page.getByTitle("Save Loss");
  const hasFocus = (): Promise<boolean> => menu.evaluate((element) => element === document.activeElement);
  await menu.press("Enter");
  await page.getByRole("button", { name: "SVG" }).first().focus();
  await page.keyboard.press("Escape");
  expect([await hasFocus(), await page.locator("details[open]").count()]).toEqual([true, 0]);
  await menu.press("Enter");
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "SVG" }).first().press("Enter");
  await downloading;
  expect(await hasFocus()).toBe(true);
});

it("shows what it can of runs whose files are damaged, and of a folder that is a run itself", async () => {
  await writeRun("it's a run", { metrics: lines(20, 60) });
  await writeRun("damaged", { metrics: `nonsense\n${lines(20, 40)}`, started: "2026-01-02T00:00:00Z" });
  await writeFile(join(folder, "damaged", "evaluation.json"), '{"task":"regression","target":"price","examples":2,"loss":1,"rmse":1,"r2":null,"pairs":[]}');
  await writeFile(join(folder, "damaged", "model.json"), '{"input":[1],"rows":[null]}');
  const page = await open("runs");
  await page.getByText("R² –, of 2 examples").waitFor();
  await writeFile(join(folder, "damaged", "evaluation.json"), '{"task":"classification","confusion":[null],"classes":[3],"misread":[{}]}');
  await page.reload();
  await page.getByText("The file evaluation.json is damaged").waitFor();
  await page.getByRole("tab", { name: "Model" }).click();
  await page.getByText("does not describe its network").waitFor();
  expect(await last(page, "Loss")).toBe("Step 40: damaged 0.025");
  await writeFile(join(folder, "it's a run", "model.safetensors"), "");
  await page.getByRole("button", { name: /it's a run/ }).click();
  await page.getByRole("tab", { name: "Files" }).click();
  await expect.poll(() => page.getByRole("tabpanel").locator("pre").innerText()).toContain(`npx gradus evaluate '${join(folder, "it'\\''s a run")}' `);

  const itself = await serveStudio(join(folder, "damaged"));
  try {
    const inside = await openStudio(itself, "runs");
    opened.push(inside);
    expect(await last(inside.page, "Loss")).toBe("Step 40: damaged 0.025");
    await inside.page.getByText("The file evaluation.json is damaged").waitFor();
  } finally {
    await itself.close();
  }
});

it("opens to its own page only: not with a wrong token, under a foreign name, or from a foreign page", async () => {
  await writeRun("mine", { metrics: lines(20, 40) });
  const origin = new URL("/", studio.address);
  const stranger = await (await browser()).newContext();
  const page = await stranger.newPage();
  for (const address of [`${origin.href}?token=wrong`, origin.href, `http://studio.localhost:${origin.port}/${new URL(studio.address).search}`]) {
    const response = await page.goto(address);
    expect([address, response?.status(), await page.getByRole("heading").textContent()]).toEqual([address, 403, "Gradus Studio stays closed"]);
  }
  expect(await violations(page)).toEqual([]);

  // A page of another port belongs to the same site: the browser sends the cookie along.
  const foreign = await openSite({ files: { "/index.html": "<!doctype html><title>Other</title>" }, context: stranger });
  await foreign.page.goto(studio.address);
  expect(await foreign.page.title()).toContain("Gradus Studio");
  await foreign.page.goto(foreign.url);
  const asked: number[] = [];
  foreign.page.on("response", (response) => response.url().startsWith(origin.href) && asked.push(response.status()));
  const got = await foreign.page.evaluate(async (api) => {
    const text = await fetch(api, { credentials: "include" }).then((answer) => answer.text(), () => "nothing");
    const blind = await fetch(api, { credentials: "include", mode: "no-cors" }).then((answer) => answer.type, () => "nothing");
    const put = await fetch(`${api}/evil`, { method: "PUT", body: "x", mode: "no-cors", credentials: "include" }).then((answer) => answer.type, () => "nothing");
    const live = await new Promise((resolve) => {
      const source = new EventSource(api.replace("runs", "live"), { withCredentials: true });
      source.onmessage = source.onopen = () => resolve("heard");
      source.onerror = () => {
        source.close();
        resolve("nothing");
      };
    });
    return [text, blind, put, live];
  }, `${origin.href}api/runs`);
  expect(got).toEqual(["nothing", "nothing", "nothing", "nothing"]);
  expect(asked.every((status) => status === 403)).toBe(true);
  await stranger.close();
});

it("is accessible, in light and dark, on a phone, and without runs", async () => {
  const empty = await open("runs");
  await empty.getByRole("heading", { name: "There is no run yet" }).waitFor();
  expect(await violations(empty)).toEqual([]);
  // The first run of the folder appears by itself.
  await writeRun("first", { metrics: lines(20, 400) + validation(400, 0.9) });
  await chart(empty, "Loss").waitFor();
  expect(await violations(empty)).toEqual([]);
  const page = await open("runs?smooth=0.6", { colorScheme: "dark", viewport: { width: 360, height: 740 } });
  await page.getByRole("table", { name: /Rows: what it is/ }).waitFor();
  expect(await violations(page)).toEqual([]);
  for (const tab of ["Model", "Configuration", "Files"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.getByRole("tabpanel").locator("table, ul").first().waitFor();
    expect(await violations(page)).toEqual([]);
    // Nothing is wider than the screen.
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  }
});
