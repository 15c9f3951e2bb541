import { afterAll, expect, it } from "vitest";
import { device } from "../../src/node.js";
import { openPage } from "./open-page.js";
import * as here from "./training-run.js";

type Page = typeof import("./pages/training-run.js");
afterAll(() => device("wasm").close());

it("goes on from the last checkpoint after a reload in the middle of training, to the same bits", async () => {
  const { call, page, errors } = await openPage<Page>("pages/training-run.ts");
  const { weights, predictions } = await here.train("wasm");
  // The page is gone before this has an answer.
  const broken = call("trainStored", "wasm", "runs/small", 14).catch(() => undefined);
  await expect.poll(() => call("checkpointSteps", "runs/small"), { timeout: 60_000 }).toEqual([8, 12]);
  await page.reload();
  await broken;
  expect(await call("trainStored", "wasm", "runs/small")).toEqual({ weights, predictions, from: 12 });
  // The run's end is kept too: there is nothing left to train.
  expect(await call("trainStored", "wasm", "runs/small")).toEqual({ weights, predictions, from: 28 });
  expect(errors).toEqual([]);
});

it("keeps files in folders, whole", async () => {
  const { call } = await openPage<typeof import("./pages/storage.js")>("pages/storage.ts");
  expect(await call("keepFiles")).toEqual({
    first: "ä, and longer",
    second: [1, 2, 3],
    range: [2, 3],
    lists: [["a", "b"], ["deep", "x.txt"], undefined],
    left: ["deep"],
    places: ["runs/one", "runs/one-2", "runs/one"],
    replaced: ["new"],
  });
  expect(await call("refusals")).toEqual([
    "DataError: cannot read none/at/all: the page's storage has no such file",
    "DataError: ../up leads out of the page's storage: name a path in it",
    expect.stringMatching(/^DataError: cannot write folder: /),
    expect.stringMatching(/^DataError: cannot read the folder folder\/file: .*TypeMismatch/),
  ]);
});

it("keeps the old content where a write was broken off", async () => {
  const { call, page } = await openPage<typeof import("./pages/storage.js")>("pages/storage.ts");
  await call("breakOff");
  await page.reload();
  const left = { hidden: 2, later: ["kept"], remaining: ["kept"] };
  expect(await call("afterBreak")).toEqual({ kept: "old", fresh: "DataError", list: ["kept"], ...left });
});

it("keeps the old folder where the new one could not be written, and empty files", async () => {
  const { call } = await openPage<typeof import("./pages/storage.js")>("pages/storage.ts");
  const full = /: QuotaExceededError: full; remove what is not needed/;
  expect(await call("keepOnFailure")).toEqual({
    replaced: expect.stringMatching(full),
    written: expect.stringMatching(full),
    length: 0,
    names: ["one"],
    list: ["a", "b", "empty"],
    a: "old",
    place: "plain",
    inPlace: ["y"],
  });
});

it("keeps weights in pieces and reads the wanted ones", async () => {
  const { call } = await openPage<typeof import("./pages/storage.js")>("pages/storage.ts");
  expect(await call("keepWeights")).toEqual({
    place: "models/m.safetensors.index.json",
    files: ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.safetensors.index.json"],
    all: { a: [1, 2, 3, 4], b: [5, 6] },
    only: { b: [5, 6] },
  });
});

it("remembers how fast a GPU's tiles are", async () => {
  const { call, page, errors } = await openPage<typeof import("./pages/storage.js")>("pages/storage.ts");
  const measured = await call("tiles");
  expect(measured).toEqual([[expect.stringMatching(/^tiles-[0-9a-f]{64}\.json$/), expect.stringMatching(/^\[\n(\[[\d.,]+\],?\n)+\]\n$/)]]);
  await page.reload();
  // What is measured again is never the same.
  expect(await call("tiles")).toEqual(measured);
  expect(errors).toEqual([]);
});
