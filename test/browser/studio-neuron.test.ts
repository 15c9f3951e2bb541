import { tmpdir } from "node:os";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../src/studio/studio-server.js";
import { openStudio, serveStudio, violations, type StudioPage } from "./studio-page.js";

let studio: Studio;

beforeAll(async () => {
  studio = await serveStudio(tmpdir());
});

afterAll(() => studio.close());

const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
const steps = async (page: Page): Promise<number> => Number((await page.locator("[data-count=steps]").textContent())?.replaceAll(",", ""));
const drawnPoints = (page: Page): Promise<string | null> => page.getByText("of 500 points").textContent();

/** Waits until the lab shows what a function of the page wants to see. */
async function stepsAre(page: Page, count: number): Promise<void> {
  await page.locator("[data-count=steps]").getByText(count.toLocaleString("en"), { exact: true }).waitFor();
}

/** Where the page keeps the lab, which it does each second while training, and when the worker has come to rest. */
const keptAs = "gradus-neuron-lab";

/** The count once the worker has told that it rests, and the page shows that. */
async function restingSteps(page: Page): Promise<number> {
  const found = await page.waitForFunction((name) => {
    const { isRunning, training } = JSON.parse(sessionStorage.getItem(name) ?? "{}") as { isRunning?: boolean; training?: { steps: number } };
    const shown = Number(document.querySelector("[data-count=steps]")?.textContent?.replaceAll(",", ""));
    return isRunning === false && training?.steps === shown && { shown };
  }, keptAs);
  return ((await found.jsonValue()) as { shown: number }).shown;
}

it("separates two spirals, counts steps, and is the same again from its link", async () => {
  const { page, errors } = await openStudio(studio, "lab/neuron");
  await page.getByRole("link", { name: "Spirals" }).click();
  await page.getByRole("heading", { name: "10. Spirals" }).waitFor();
  await stepsAre(page, 0);
  await press(page, "Step");
  await stepsAre(page, 1);
  await press(page, "Epoch");
  // Of 300 points about half are trained with, fifty in a step.
  await stepsAre(page, 4);
  await page.getByRole("combobox", { name: "Speed" }).selectOption("Fastest");
  await press(page, "Run");
  await page.waitForFunction(() => Number.parseFloat(document.querySelector("[data-accuracy=train]")?.textContent ?? "0") >= 95);
  await press(page, "Pause");
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  const paused = await restingSteps(page);
  expect(paused).toBeGreaterThan(100);
  await press(page, "Say how it goes");
  await page.getByText(/Training loss [\d.]+(e−\d+)?, \d+(\.\d)? % right; test loss/).waitFor();
  expect(await steps(page)).toBe(paused);
  await press(page, "Reset");
  await stepsAre(page, 0);

  // A setting of one's own stands in the address.
  await press(page, "One neuron less in layer 2");
  await page.getByRole("combobox", { name: "Optimizer" }).selectOption("radam");
  await page.locator(".counters dd").getByText("319", { exact: true }).waitFor();
  await press(page, "Step");
  await stepsAre(page, 1);
  await page.waitForFunction(() => location.hash.includes("radam") && location.hash.includes("hidden=16+15"));
  const loss = await page.locator(".scores td").nth(1).textContent();
  const link = page.url();
  const other = await page.context().newPage();
  await other.goto(link);
  await stepsAre(other, 0);
  await press(other, "Step");
  await stepsAre(other, 1);
  expect(await other.locator(".scores td").nth(1).textContent()).toBe(loss);
  expect(await other.getByRole("combobox", { name: "Optimizer" }).inputValue()).toBe("radam");
  expect(errors).toEqual([]);
});

it("has points drawn by pointer and keys, weights set by hand, and keeps what was drawn over a reload", async () => {
  const { page, errors } = await openStudio(studio, "lab/neuron?points=drawn&hidden=2&drawn=AAAAA");
  await stepsAre(page, 0);
  expect(await drawnPoints(page)).toBe("1 of 500 points");
  const plane = page.getByRole("application");
  await plane.scrollIntoViewIfNeeded();
  const box = await plane.boundingBox();
  if (!box) throw new Error("the page has no plane");
  await page.locator(".segments label", { hasText: "Class 1" }).click();
  await page.mouse.move(box.x + 0.2 * box.width, box.y + 0.2 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.8 * box.width, box.y + 0.2 * box.height, { steps: 6 });
  await page.mouse.up();
  await page.getByText("8 of 500 points").waitFor();
  await plane.focus();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await page.getByText("9 of 500 points").waitFor();
  await page.keyboard.press("Delete");
  await page.getByText("8 of 500 points").waitFor();

  await press(page, "neuron 2 of layer 1");
  await page.getByLabel("From x₁").fill("1.25");
  await page.getByLabel("Bias").focus();
  await page.waitForFunction(() => (document.querySelector("#weight-0") as HTMLInputElement | null)?.value === "1.250");

  await page.waitForFunction(() => (new URLSearchParams(location.hash.split("?")[1]).get("drawn") ?? "").length === 40);
  await page.reload();
  await page.getByText("8 of 500 points").waitFor();
  // A lesson may do without parts of the page.
  await page.getByText("Parts of this page").click();
  await page.getByRole("checkbox", { name: "Network and training" }).uncheck();
  await page.getByText("Optimizer", { exact: true }).waitFor({ state: "detached" });
  await page.waitForFunction(() => location.hash.includes("without=settings"));
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
  expect(errors).toEqual([]);
});

it("goes on where a reload broke the training off, also from another page, and not in another tab", async () => {
  const { page, errors } = await openStudio(studio, "lab/neuron?points=moons&hidden=4");
  await stepsAre(page, 0);
  await press(page, "Run");
  const kept = await page.waitForFunction((name) => {
    const { training } = JSON.parse(sessionStorage.getItem(name) ?? "{}") as { training?: { steps: number } };
    return training && training.steps > 300 && training.steps;
  }, keptAs);
  await page.reload();
  // Running by itself, from the last second that was kept: the first count that is shown is no smaller.
  const first = await page.waitForFunction(() => Number(document.querySelector("[data-count=steps]")?.textContent?.replaceAll(",", "")));
  expect(await first.jsonValue()).toBeGreaterThanOrEqual(Number(await kept.jsonValue()));
  await page.waitForFunction((before) => Number(document.querySelector("[data-count=steps]")?.textContent?.replaceAll(",", "")) > before, Number(await first.jsonValue()));
  await press(page, "Pause");
  const paused = await restingSteps(page);
  const loss = await page.locator(".scores td").nth(1).textContent();
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByRole("link", { name: "From neuron to network" }).click();
  await stepsAre(page, paused);
  expect(await page.locator(".scores td").nth(1).textContent()).toBe(loss);
  expect(page.url()).toContain("points=moons");
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  const other = await page.context().newPage();
  await other.goto(page.url());
  await stepsAre(other, 0);

  // What another version may have kept is no reason for an empty page.
  await page.evaluate((name) => sessionStorage.setItem(name, '{"history":{"steps":[],"train":[],"test":[],"batch":[]},"isRunning":true}'), keptAs);
  await page.reload();
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  await stepsAre(page, 0);
  expect(errors).toEqual([]);
});

it("shows the picture of a touched neuron until other settings are opened", async () => {
  const { page, errors } = await openStudio(studio, "lab/neuron?hidden=4+4", { hasTouch: true });
  await stepsAre(page, 0);
  await page.getByRole("button", { name: "neuron 4 of layer 2", exact: true }).tap();
  await page.getByText("The picture of one neuron").waitFor();
  await page.evaluate(() => (location.hash = "#/lab/neuron?chapter=depth&hidden=4+4&points=moons"));
  await page.getByText("Point at a place to read it").waitFor();
  expect(errors).toEqual([]);
});

/** How many pixels of a canvas are drawn on, whatever draws on it. */
const drawnPixels = (page: Page, selector: string): Promise<number> =>
  page.evaluate((selector) => {
    const canvas = document.querySelector<HTMLCanvasElement>(selector);
    const copy = Object.assign(document.createElement("canvas"), { width: canvas?.width ?? 1, height: canvas?.height ?? 1 });
    const context = copy.getContext("2d");
    if (!canvas || !context) return -1;
    context.drawImage(canvas, 0, 0);
    return context.getImageData(0, 0, copy.width, copy.height).data.filter((value, i) => i % 4 === 3 && value > 0).length;
  }, selector);

it("has its worker draw the weights, thicker where they are larger, with dashes that move unless nothing shall", async () => {
  const drawn = async (reducedMotion: "reduce" | "no-preference"): Promise<StudioPage> => {
    const opened = await openStudio(studio, "lab/neuron?hidden=3&initialization=zeros", { reducedMotion });
    await opened.page.waitForFunction(() => (document.querySelector<HTMLCanvasElement>(".diagram canvas")?.height ?? 0) > 200);
    return opened;
  };
  const moving = await drawn("no-preference");
  const dashed = await drawnPixels(moving.page, ".diagram canvas");
  const { page, errors } = await drawn("reduce");
  const thin = await drawnPixels(page, ".diagram canvas");
  expect(dashed).toBeLessThan(0.98 * thin);
  // Nine lines of 0.6 pixels, each longer than 100.
  expect(thin).toBeGreaterThan(900);
  await press(page, "the output");
  for (const name of ["1", "2", "3"]) await page.getByLabel(`From neuron ${name} of layer 1`).fill("9");
  await expect.poll(() => drawnPixels(page, ".diagram canvas")).toBeGreaterThan(thin + 3 * 100 * 5);
  expect(errors).toEqual([]);
});

it("says when a perceptron has converged and when steps were too large", async () => {
  const { page, errors } = await openStudio(studio, "lab/neuron?chapter=perceptron&points=clusters&noise=0&model=perceptron");
  await stepsAre(page, 0);
  await page.getByRole("combobox", { name: "Speed" }).selectOption("Fastest");
  await press(page, "Run");
  await page.getByText("the perceptron has converged").waitFor();
  await page.getByRole("link", { name: "Learning rate" }).click();
  await page.getByRole("heading", { name: "6. Learning rate" }).waitFor();
  await press(page, "0.3");
  await page.getByText("The loss is no number any more").waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  expect(errors).toEqual([]);
});

it.each([
  ["light", { width: 1440, height: 900 }],
  ["dark", { width: 390, height: 844 }],
] as const)("is accessible in %s colours", async (colorScheme, viewport) => {
  const { page } = await openStudio(studio, "lab/neuron?chapter=depth&hidden=4+4&points=spirals&classes=3", { colorScheme, viewport });
  await stepsAre(page, 0);
  await press(page, "neuron 1 of layer 1");
  await page.getByLabel("Bias").waitFor();
  expect(await violations(page)).toEqual([]);
});
