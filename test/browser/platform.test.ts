import { expect, it } from "vitest";
import { openPage } from "./open-page.js";

it.each([true, false])("computes in a page, cross-origin isolated: %s", async (isolated) => {
  const { call, errors } = await openPage<typeof import("./pages/platform.js")>("pages/platform.ts", { isolated });
  const found = await call("platform");
  expect(found).toMatchObject({ isolated, secure: true, adapter: true, device: "wasm" });
  expect(found.threads).toBe(isolated ? found.cores : 1);
  expect(await call("squares", [1, 2, 3])).toEqual([1, 4, 9]);
  expect(errors).toEqual([]);
});
