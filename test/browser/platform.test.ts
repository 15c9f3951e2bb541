import { resolve } from "node:path";
import { expect, it } from "vitest";
import { workerSource } from "../../src/backends/wasm/worker-source.js";
import { bundlePage } from "./bundle-page.js";
import { openPage } from "./open-page.js";

type Module = typeof import("./pages/platform.js");
const file = "pages/platform.ts";

it.each([true, false])("computes in workers, cross-origin isolated: %s", async (isolated) => {
  const { call, errors, page } = await openPage<Module>(file, { isolated });
  const found = await call("platform");
  expect(found).toMatchObject({ isolated, secure: true, adapter: true, device: "wasm", threads: isolated ? found.cores : 1 });
  expect(await call("squares", [1, 2, 3])).toEqual([1, 4, 9]);
  expect(page.workers()).toHaveLength(found.threads);
  expect(errors).toEqual([]);
});

it("computes by itself in a web worker of the user's", async () => {
  const script = `${await bundlePage(resolve(import.meta.dirname, file))}; globalThis.exported.squares([3, 4]).then(postMessage);`;
  const { page, errors } = await openPage<Module>(file, { files: { "/worker.js": script } });
  const answer = await page.evaluate(
    () =>
      new Promise((done, failed) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onmessage = ({ data }) => done(data);
        worker.onerror = ({ message }) => failed(new Error(message));
      }),
  );
  expect(answer).toEqual([9, 16]);
  expect(page.workers()).toHaveLength(1);
  expect(errors).toEqual([]);
});

it.each([true, false])("takes the worker's program from an address where Blob URLs are forbidden, isolated: %s", async (isolated) => {
  const policy = `<!doctype html><meta http-equiv="content-security-policy" content="worker-src 'self'"><script type="module" src="/page.js"></script>`;
  const { call } = await openPage<Module>(file, { isolated, files: { "/index.html": policy, "/gradus-worker.js": workerSource } });
  await expect(call("squares", [5])).rejects.toThrow(/\[wasm\] the device can no longer be used.*its program cannot be loaded from blob:/);
  expect(await call("squares", [5], "/gradus-worker.js")).toEqual([25]);
});

it("says that the page's policy forbids WebAssembly", async () => {
  const policy = `<!doctype html><meta http-equiv="content-security-policy" content="script-src 'self'"><script type="module" src="/page.js"></script>`;
  const { call } = await openPage<Module>(file, { files: { "/index.html": policy } });
  await expect(call("squares", [5])).rejects.toThrow(/DeviceError.*'wasm-unsafe-eval'/);
  await expect(call("sum", [5])).rejects.toThrow(/no device runs here: "wasm" cannot run here.*'wasm-unsafe-eval'/);
  expect(await call("sum", [5, 6], true)).toBe(11);
});
