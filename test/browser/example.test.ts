import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSite } from "./open-page.js";

const at = (path: string): string => resolve(import.meta.dirname, "../..", path);
const library = at("dist/browser.js");

let folder = "";
beforeAll(async () => {
  if (!existsSync(library)) throw new Error("the library is not built: npm run build");
  folder = await mkdtemp(join(tmpdir(), "gradus-example-"));
  // Installed in its folder, the example finds the library by its name.
  const root = at("examples/browser-vite");
  await build({ root, logLevel: "error", resolve: { alias: { gradus: library } }, build: { outDir: folder, emptyOutDir: true } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([true, false])("the example, built with Vite, reads 95 % of the digits, isolated: %s", async (isolated) => {
  const { page, errors } = await openSite({ folder, isolated });
  await page.getByText("wasm: done").waitFor({ timeout: 100_000 });
  expect(parseFloat((await page.locator("#result").textContent()) ?? "")).toBeGreaterThanOrEqual(95);
  const points = (await page.locator("polyline").getAttribute("points"))?.split(" ").map((point) => Number(point.split(",")[1]));
  expect(points).toHaveLength(320);
  expect(Math.max(...(points ?? []))).toBeGreaterThan(0.9);
  expect(errors).toEqual([]);
  // Bytes of the scripts that the page asked for, minified and gzipped.
  const scripts = await page.evaluate(() => performance.getEntriesByType("resource").flatMap(({ name }) => (/\/assets\/.*\.js$/.test(name) ? [new URL(name).pathname] : [])));
  const bytes = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, path)), { level: 9 }).length, 0);
  expect(scripts.length).toBeGreaterThan(2);
  expect(bytes).toBeLessThanOrEqual(100_000);
});

it("runs from a file server, without a bundler", async () => {
  const script = `
    import { arange, grad } from "/browser.js";
    document.title = JSON.stringify(await grad((x) => x.mul(x).sum())(arange(3, { dtype: "float32" })).array());
  `;
  const html = `<!doctype html><script type="module">${script}</script>`;
  const { page, errors } = await openSite({ folder: at("dist"), files: { "/index.html": html } });
  await expect.poll(() => page.title(), { timeout: 30_000 }).toBe("[0,2,4]");
  expect(errors).toEqual([]);
});
