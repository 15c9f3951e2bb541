import { afterAll, expect, it } from "vitest";
import { device } from "../../src/node.js";
import { openPage } from "./open-page.js";
import * as here from "./training-run.js";

type Page = typeof import("./pages/training-run.js");
afterAll(() => device("wasm").close());

it("draws the same data, weights, batches and numbers in a page as in Node", async () => {
  const { call } = await openPage<Page>("pages/training-run.ts");
  expect(await call("beginnings", "wasm")).toEqual(await here.beginnings("wasm"));
});

it.each([true, false])("trains to the same bits, and either side goes on with the other's files, isolated: %s", async (isolated) => {
  const { call, errors } = await openPage<Page>("pages/training-run.ts", { isolated });
  const expected = await here.train("wasm");
  const found = await call("train", "wasm");
  expect(found.weights).toBe(expected.weights);
  expect(found.predictions).toBe(expected.predictions);
  // Each goes on from where the other was halfway.
  expect((await here.train("wasm", found.checkpoint)).weights).toBe(expected.weights);
  expect((await call("train", "wasm", expected.checkpoint)).weights).toBe(expected.weights);
  expect(await here.predictionsOf("wasm", found.model)).toBe(expected.predictions);
  expect(await call("predictionsOf", "wasm", expected.model)).toBe(expected.predictions);
  expect(errors).toEqual([]);
});
