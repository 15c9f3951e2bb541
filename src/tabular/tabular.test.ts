import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ArgumentError, DataError, FormatError } from "../core/errors.js";
import { parseCsv } from "../data/csv.js";
import { encodeModel } from "../train/model-file.js";
import { device, setDefaultDevice } from "../node.js";
import { prepareTable, TabularModel, tabularDataset, taskOf } from "./index.js";
import { loadTabularRun } from "./load-run.js";

const header = "id,word,town,age,answer,copy,always,empty";
const rows = Array.from({ length: 40 }, (_, i) => {
  const answer = i % 4 === 0 ? "yes" : "no";
  return [100 + i, `w${i}`, ["a", "b", ""][i % 3], i % 5 === 0 ? "" : i, answer, answer === "yes" ? 1 : 0, 7, ""].join(",");
});
const table = parseCsv([header, ...rows].join("\n"));

// The reference device keeps weights in float64, which a file rounds.
setDefaultDevice(device("wasm", { threads: 1 }));

test("columns that say nothing about new rows are left out, missing values and categories become numbers", () => {
  const { target, omitted, inputs, train, test: held, unlabelled } = prepareTable(table, { target: "answer", drop: ["word"] });
  expect(target).toEqual({ task: "classification", name: "answer", classes: ["no", "yes"] });
  expect(omitted).toEqual([
    { name: "id", why: "numbers the rows" },
    { name: "copy", why: "repeats answer" },
    { name: "always", why: "is always 7" },
    { name: "empty", why: "has no value" },
  ]);
  expect(inputs.map(({ name }) => name)).toEqual(["town", "age"]);
  // age, missing_age, and a column for each of two towns and for none.
  expect([train.rows, held.rows, train.width, unlabelled]).toEqual([32, 8, 5, 0]);
  expect([...held.targets].filter((place) => place === 1).length).toBe(2);
  expect([...train.features, ...held.features].every(Number.isFinite)).toBe(true);
  expect(prepareTable(table, { target: "answer", keep: ["copy"] }).inputs.map(({ name }) => name)).toContain("copy");
});

test("names and row numbers are left out", () => {
  const many = parseCsv(["number,name,x,y", ...Array.from({ length: 200 }, (_, i) => `${i + 1},n${i},${(i * 7) % 13},${i / 3}`)].join("\n"));
  const { target, omitted } = prepareTable(many, { target: "y", test: many });
  expect(omitted).toEqual([
    { name: "number", why: "numbers the rows" },
    { name: "name", why: "has 200 categories" },
  ]);
  expect(target).toMatchObject({ task: "regression", mean: 199 / 6 });
});

test("the task is found from the target, and rows without one are left out", () => {
  const kinds = parseCsv("few,many,half,word\n0,1,0.5,a\n1,100,1,b\n,30000,2,c\n0,4,1,a\n1,5,2,b\n0,6,1,a\n1,7,1,a\n0,8,1,a\n1,9,1,a\n0,10,1,a\n0,11,1,a\n1,12,1,b");
  expect(kinds.columns.map(taskOf)).toEqual(["classification", "regression", "regression", "classification"]);
  expect(prepareTable(kinds, { target: "few" })).toMatchObject({ unlabelled: 1, target: { classes: ["0", "1"] } });
  expect(prepareTable(kinds, { target: "few", task: "regression" }).target.task).toBe("regression");
});

test("what cannot be learned is refused", () => {
  expect(() => prepareTable(table, { target: "anwser" })).toThrow('no column "anwser"; there are id, word');
  expect(() => prepareTable(table, { target: "always" })).toThrow('the target "always" has the value 7 only');
  expect(() => prepareTable(table, { target: "empty" })).toThrow(DataError);
  expect(() => prepareTable(table, { target: "town", task: "regression" })).toThrow('the target "town" holds categories such as "a"');
  expect(() => prepareTable(table, { target: "age", drop: ["age"] })).toThrow(ArgumentError);
  expect(() => prepareTable(table, { target: "answer", drop: ["id", "word", "town", "age"] })).toThrow("no column to predict");
});

test("a batch holds the rows that it was asked for", async () => {
  const { train } = prepareTable(table, { target: "answer", drop: ["word"] });
  const [features, targets] = tabularDataset(train).batch(Int32Array.of(3, 0));
  expect([features.shape, targets.shape, targets.dtype]).toEqual([[2, 5], [2], "int32"]);
  expect([...(await features.data())]).toEqual([...train.features.subarray(15, 20), ...train.features.subarray(0, 5)]);
});

test("a model that was saved predicts from raw rows what it predicted before, in the target's unit", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradus-tabular-"));
  try {
    for (const [target, few] of [["answer", "age,town,id\n3,b,101\n,c,7"], ["age", "id,answer,copy,town\n140,no,0,\n141,yes,1,b"]] as const) {
      const data = prepareTable(table, { target, drop: ["word"] });
      const model = TabularModel.for(data, { hidden: [4] });
      await writeFile(join(folder, "recipe.json"), JSON.stringify({ recipe: "tabular", ...model.toJSON() }));
      await writeFile(join(folder, "model.safetensors"), await encodeModel(model.network));
      const loaded = await loadTabularRun(folder);
      const unseen = parseCsv(few, { kinds: Object.fromEntries(Object.entries(loaded.kinds).filter(([name]) => few.includes(name))) });
      const prediction = await loaded.predict(unseen);
      expect(prediction).toEqual(await model.predict(unseen));
      if (prediction.task === "regression") {
        expect(prediction.values.length).toBe(2);
        continue;
      }
      expect(prediction.classes).toEqual(["no", "yes"]);
      const [no = 0, yes = 0] = prediction.probabilities;
      expect(no + yes).toBeCloseTo(1, 6);
      expect(prediction.predicted[0]).toBe(yes > no ? 1 : 0);
    }
    await writeFile(join(folder, "recipe.json"), "{}");
    await expect(loadTabularRun(folder)).rejects.toThrow(FormatError);
    await expect(loadTabularRun(join(folder, "none"))).rejects.toThrow(DataError);
  } finally {
    await rm(folder, { recursive: true });
  }
});
