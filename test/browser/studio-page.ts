import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { startStudio, type Studio } from "../../src/studio/studio-server.js";
import { browser } from "./open-page.js";

/** Serves the studio's pages as they were built, with the runs of a folder. */
export function serveStudio(runs: string): Promise<Studio> {
  return startStudio({ pages: resolve(import.meta.dirname, "../../dist/studio/pages"), runs, port: 0 });
}

export interface StudioPage {
  readonly page: Page;
  /** Uncaught exceptions and what was written with console.error so far. */
  readonly errors: readonly string[];
}

/** Opens a page of the studio, such as `lab/digits`, in a browser context of its own. */
export async function openStudio(studio: Studio, path: string, options: BrowserContextOptions = {}): Promise<StudioPage> {
  const context = await (await browser()).newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  // The address has the token, for which the browser gets a cookie.
  await page.goto(studio.address);
  await page.goto(`${new URL("/", studio.address).href}#/${path}`);
  return { page, errors };
}

/** What axe finds wrong with a page: the rule, and the elements that break it. */
export async function violations(page: Page): Promise<readonly string[]> {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.evaluate(await readFile(axe, "utf8"));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } };
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ""}`).join("; ")}`);
  });
}
