// Says what each page of the built studio weighs and when its first content is painted: npm run studio:weight. Needs npm run build and Chromium.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { startStudio } from "../src/studio/studio-server.js";
import { launchChromium } from "../test/browser/chromium.js";

const rounds = 7;
const runs = mkdtempSync(join(tmpdir(), "gradus-weight-"));
const studio = await startStudio({ pages: fileURLToPath(new URL("../dist/studio/pages", import.meta.url)), runs, port: 0 });
const browser = await launchChromium();
try {
  console.log("page | files | kB | kB, gzip | first content after, median | slowest");
  for (const path of ["runs", "lab/neuron", "lab/digits"]) {
    const bodies = new Map<string, Buffer>();
    const paints: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // Nothing is in the cache of a context that is new.
      const context = await browser.newContext();
      await context.addCookies([{ name: `gradus-studio-${studio.door.port}`, value: studio.door.token, url: new URL("/", studio.address).href }]);
      context.on("response", (response) => {
        const { pathname } = new URL(response.url());
        if (response.url().startsWith("http") && !pathname.startsWith("/api/")) void response.body().then((body) => bodies.set(pathname, body), () => undefined);
      });
      const page = await context.newPage();
      await page.goto(`${new URL("/", studio.address).href}#/${path}`);
      await page.locator("main h1").first().waitFor();
      // Workers load theirs, and compute.
      await page.waitForTimeout(2500);
      paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN));
      await context.close();
    }
    const sum = (sizes: readonly number[]): string => (sizes.reduce((a, b) => a + b, 0) / 1000).toFixed(1);
    const files = [...bodies.values()];
    paints.sort((a, b) => a - b);
    console.log([path, files.length, sum(files.map(({ length }) => length)), sum(files.map((body) => gzipSync(body).length)), ...[paints[rounds >> 1], paints.at(-1)].map((time) => `${Math.round(time ?? NaN)} ms`)].join(" | "));
    if (process.argv.includes("--files")) for (const [name, body] of bodies) console.log(`  ${name} ${gzipSync(body).length}`);
  }
} finally {
  await browser.close();
  await studio.close();
  rmSync(runs, { recursive: true, force: true });
}
