import { CheckpointFolder, encodeModel, normalize, tensor } from "gradus";
import { LeNet, Mlp } from "gradus/models";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { PagelessLab, smallIdxFiles } from "./pageless-lab.js";
import { prepareDrawing } from "./prepare-drawing.js";
import type { LabEvent } from "./protocol.js";
import { defaultSetting, type DigitsSetting } from "./setting.js";

const folder = await mkdtemp(join(tmpdir(), "gradus-lab-"));
let places = 0;
/** A folder for one more lab. */
const place = (): string => join(folder, String(++places));

const labs: PagelessLab[] = [];
/** A lab that ends with the tests. */
function openLab(at = place(), images?: { readonly train: number; readonly test: number }): PagelessLab {
  const lab = new PagelessLab(at, images);
  labs.push(lab);
  return lab;
}

afterAll(async () => {
  await Promise.all(labs.map((lab) => lab.close()));
  await rm(folder, { recursive: true, force: true });
});

const isPaused = ({ state }: Extract<LabEvent, { kind: "state" }>): boolean => state === "paused";
const isDone = ({ state }: Extract<LabEvent, { kind: "state" }>): boolean => state === "done";
const seven = [[0.3, 0.2, 0.7, 0.2, 0.5, 0.5, 0.42, 0.85]];

it("reads 95 % of the test digits within two passes, then a drawn one, and shows every layer", async () => {
  const lab = openLab(place(), { train: 4000, test: 500 });
  await lab.ask({ kind: "begin" });
  const { epoch } = await lab.answerTo({ kind: "speed", speed: "full" }, "progress", ({ lines }) =>
    lines.some((line) => "validation" in line && (line.validation["accuracy"] ?? 0) >= 0.95),
  );
  expect(epoch).toBeLessThan(2);
  await lab.answerTo({ kind: "speed", speed: "paused" }, "state", isPaused);
  const { seen } = await lab.answerTo({ kind: "look", id: 7, strokes: seven }, "seen", ({ seen: { id } }) => id === 7);
  expect(seen.probabilities.indexOf(Math.max(...seen.probabilities))).toBe(7);
  expect(seen.layers.map(({ name, shape }) => `${name} ${shape.join("×")}`)).toEqual([
    "active1 6×28×28",
    "pool1 6×14×14",
    "active2 16×10×10",
    "pool2 16×5×5",
    "active3 120",
    "active4 84",
    "fc3 10",
  ]);
  const judged = await lab.answerTo({ kind: "judge" }, "judged");
  expect(judged.accuracy).toBeGreaterThan(0.93);
  expect(judged.confusion.reduce((sum, times) => sum + times, 0)).toBe(500);
  expect(judged.wrong).toBe(Math.round(500 * (1 - judged.accuracy)));
  expect((await lab.answerTo({ kind: "look", id: 8, strokes: [] }, "blank")).id).toBe(8);
  expect(lab.errors).toEqual([]);
});

/** A network that is trained in no time, with dropout, whose random numbers belong to what is stored. */
const small: DigitsSetting = {
  network: { kind: "mlp", maps: [], hidden: [24], activation: "tanh", dropout: 0.2 },
  training: { optimizer: "adam", lr: 0.005, batchSize: 32, limit: null, seed: 3 },
  device: "wasm",
};

async function smallLab(at = place()): Promise<PagelessLab> {
  const lab = openLab(at);
  await lab.ask({ kind: "begin" });
  await lab.answerTo({ kind: "open", setting: small }, "opened");
  return lab;
}

async function savedWeights(lab: PagelessLab): Promise<Buffer> {
  const { files } = await lab.answerTo({ kind: "save", name: "run", archive: false }, "saved");
  const weights = Buffer.from(files.find(({ name }) => name === "model.safetensors")?.bytes ?? []);
  // Those of the small network: 784 pixels, 24 neurons, 10 digits, in four bytes each.
  expect(weights.length).toBeGreaterThan(4 * (784 * 24 + 24 + 24 * 10 + 10));
  return weights;
}

/** Whether two labs have the same weights, to the last bit. */
const hasWeightsOf = async (lab: PagelessLab, other: PagelessLab): Promise<boolean> => (await savedWeights(lab)).equals(await savedWeights(other));

async function takeSteps(lab: PagelessLab, count: number): Promise<void> {
  for (let step = 0; step < count; step++) await lab.answerTo({ kind: "step" }, "state", isPaused);
}

it("goes on after its worker was ended in the middle of a training, as if nothing had happened", async () => {
  const whole = await smallLab();
  await takeSteps(whole, 20);

  const at = place();
  const first = await smallLab(at);
  await first.ask({ kind: "data", files: await smallIdxFiles() });
  // One batch at a time: pausing stores each of them.
  await takeSteps(first, 13);
  const second = openLab(at);
  const { from, data } = await second.answerTo({ kind: "begin" }, "opened");
  expect([from, data.name, data.train]).toEqual(["stored", "files", 320]);
  await takeSteps(second, 7);
  expect(second.last("progress")?.step).toBe(20);
  expect(await hasWeightsOf(second, whole)).toBe(true);
  expect([...first.errors, ...second.errors, ...whole.errors]).toEqual([]);
});

it("trains on by itself where it was training when it was ended", async () => {
  const at = place();
  const first = await smallLab(at);
  await first.answerTo({ kind: "speed", speed: "slow" }, "state", ({ state }) => state === "training");
  const stored = new CheckpointFolder(join(at, "checkpoints"));
  while (!(await stored.latest())) await first.next("progress");
  const second = openLab(at);
  await second.answerTo({ kind: "begin" }, "state", isDone);
  expect(second.last("progress")?.step).toBe(1000);
  await first.answerTo({ kind: "open", setting: small }, "opened");
});

it.each([
  ["lenet", LeNet],
  ["mlp", Mlp],
] as const)("opens a run of gradus train %s", async (recipe, Model) => {
  const model = new Model();
  const pixels = { mean: 0.13, std: 0.3 };
  const description = { recipe, data: "mnist", classes: 10, options: { optimizer: "adamw", lr: 0.002, batchSize: 32, seed: 5 }, preprocessing: { height: 28, width: 28, ...pixels } };
  const lab = openLab();
  await lab.ask({ kind: "begin" });
  const files = [
    { name: "model.safetensors", bytes: await encodeModel(model) },
    { name: "recipe.json", bytes: new TextEncoder().encode(JSON.stringify(description)) },
    { name: "metrics.jsonl", bytes: new TextEncoder().encode('{"step":20,"epoch":0.1,"loss":1.5,"lr":0.002,"seconds":1}\n{"step":20,"epoch":0.1,"test":{"loss":1}}\n') },
  ];
  const opened = await lab.answerTo({ kind: "load", name: "lenet-1", files }, "opened");
  expect(opened).toMatchObject({ from: "lenet-1", pixels, parameters: model.parameters().reduce((sum, { size }) => sum + size, 0), lines: [{ step: 20, loss: 1.5 }] });
  expect(opened.setting.training).toEqual({ optimizer: "adamw", lr: 0.002, batchSize: 32, limit: null, seed: 5 });
  const { seen } = await lab.answerTo({ kind: "look", id: 1, strokes: seven }, "seen", ({ seen: { id } }) => id === 1);
  const prepared = prepareDrawing(seven, { height: 28, width: 28 });
  const image = tensor(prepared?.pixels ?? new Uint8Array(), { shape: [1, 1, 28, 28] });
  const expected = await model.eval().forward(normalize(image, pixels)).softmax(1).data();
  expected.forEach((share, i) => expect(seen.probabilities[i]).toBeCloseTo(share, 5));
  expect(lab.errors).toEqual([]);
});

it("says what is wrong with files that it cannot open", async () => {
  const lab = openLab();
  await lab.ask({ kind: "begin" });
  const text = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const weights = { name: "model.safetensors", bytes: new Uint8Array() };
  await lab.ask({ kind: "load", name: "a", files: [weights] });
  await lab.ask({ kind: "load", name: "b", files: [weights, { name: "recipe.json", bytes: text({ recipe: "resnet", data: "cifar10", classes: 10, preprocessing: { height: 32, width: 32, std: 1 } }) }] });
  await lab.ask({ kind: "load", name: "c", files: [weights, { name: "recipe.json", bytes: text({ recipe: "tabular" }) }] });
  await lab.ask({ kind: "data", files: (await smallIdxFiles()).slice(0, 1) });
  expect(lab.errors).toEqual([
    expect.stringContaining("pick both files"),
    expect.stringContaining("the run trains resnet"),
    expect.stringContaining("does not describe a network that classifies images"),
    expect.stringContaining("no file has as many labels"),
  ]);
});

it("saves a run that it opens again, with scores and curves", async () => {
  const lab = await smallLab();
  await takeSteps(lab, 12);
  const { files } = await lab.answerTo({ kind: "save", name: "mine", archive: true }, "saved");
  expect(files.map(({ name }) => name)).toEqual(["mine.zip"]);
  const other = openLab();
  await other.ask({ kind: "begin" });
  const opened = await other.answerTo({ kind: "load", name: "mine.zip", files }, "opened", ({ from }) => from !== undefined);
  expect(opened.setting).toEqual(small);
  expect(opened.lines).toEqual([...(lab.last("opened")?.lines ?? []), ...lab.events.flatMap((event) => (event.kind === "progress" ? event.lines : []))]);
  expect(opened.lines.length).toBeGreaterThan(2);
  expect(await hasWeightsOf(other, lab)).toBe(true);
});

it("opens a run where the user computes, wherever it was trained", async () => {
  const lab = await smallLab();
  const { files } = await lab.answerTo({ kind: "save", name: "mine", archive: false }, "saved");
  await lab.ask({ kind: "open", setting: { ...small, device: "webgpu" } });
  expect((await lab.answerTo({ kind: "load", name: "mine", files }, "opened")).setting).toEqual({ ...small, device: "webgpu" });
  expect(lab.errors).toEqual([]);
});

it("tells that a training has left all numbers behind", async () => {
  const lab = await smallLab();
  await lab.ask({ kind: "open", setting: { ...defaultSetting, network: { ...small.network, activation: "relu" }, training: { ...small.training, optimizer: "sgd", lr: 1e15 } } });
  const { message } = await lab.answerTo({ kind: "speed", speed: "full" }, "state", ({ state }) => state === "failed");
  expect(message).toContain("learning rate is too large");
});

it("pauses the network that replaced one in the middle of its training", async () => {
  const lab = await smallLab();
  await lab.answerTo({ kind: "speed", speed: "slow" }, "state", ({ state }) => state === "training");
  await lab.ask({ kind: "open", setting: small });
  await lab.answerTo({ kind: "step" }, "state", isPaused);
  expect(lab.last("progress")?.step).toBe(1);
});

it("goes on with the curves of a run that it opened, also after a reload", async () => {
  const lab = await smallLab();
  await takeSteps(lab, 3);
  const { files } = await lab.answerTo({ kind: "save", name: "mine", archive: false }, "saved");
  const said = JSON.parse(new TextDecoder().decode(files.find(({ name }) => name === "recipe.json")?.bytes)) as { options: { epochs: number }; trained: { steps: number } };
  expect([said.options.epochs, said.trained.steps]).toEqual([0.3, 3]);
  const metrics = '{"step":3,"epoch":0.3,"loss":2,"lr":0.005,"seconds":1}\n{"step":4,"epo';
  const at = place();
  const other = openLab(at);
  await other.ask({ kind: "begin" });
  await other.ask({ kind: "load", name: "mine", files: [...files.filter(({ name }) => !name.startsWith("metrics")), { name: "metrics.jsonl", bytes: new TextEncoder().encode(metrics) }] });
  expect(other.errors).toEqual([]);
  const reloaded = openLab(at);
  expect(await reloaded.answerTo({ kind: "begin" }, "opened")).toMatchObject({ from: "stored", setting: small, lines: [{ step: 3, loss: 2 }] });
  expect(await hasWeightsOf(reloaded, lab)).toBe(true);
  await takeSteps(reloaded, 6);
  const lines = reloaded.events.flatMap((event) => (event.kind === "progress" ? event.lines : []));
  expect(lines).toMatchObject([{ step: 8, epoch: 0.8 }]);
  expect(reloaded.last("progress")).toMatchObject({ step: 9, epoch: expect.closeTo(0.9, 9) as number });
});

it("begins anew where what was stored cannot be opened, and says so", async () => {
  const at = place();
  const first = await smallLab(at);
  await first.ask({ kind: "data", files: await smallIdxFiles() });
  await first.answerTo({ kind: "step" }, "state", isPaused);
  await rm(join(at, "data"), { recursive: true });
  const second = openLab(at);
  expect((await second.answerTo({ kind: "begin" }, "opened")).data.name).toBe("digits");
  expect(second.errors).toEqual([expect.stringContaining("cannot be opened")]);
  const third = openLab(at);
  await third.ask({ kind: "begin" });
  expect(third.errors).toEqual([]);
});

it("keeps the network where another one cannot be made, and shows no image of other data", async () => {
  const lab = await smallLab();
  await lab.answerTo({ kind: "lookAt", id: 5, index: 0 }, "seen");
  await lab.answerTo({ kind: "speed", speed: "slow" }, "state", ({ state }) => state === "training");
  await lab.ask({ kind: "open", setting: { ...small, network: { ...small.network, hidden: [-1] } } });
  expect(lab.last("state")?.state).toBe("paused");
  await lab.answerTo({ kind: "step" }, "state", isPaused);
  expect(lab.errors).toHaveLength(1);
  await lab.answerTo({ kind: "data", files: await smallIdxFiles() }, "blank", ({ id }) => id === 5);
});

it("answers a drawing that comes before there is a network", async () => {
  const lab = openLab();
  expect((await lab.answerTo({ kind: "look", id: 1, strokes: seven }, "blank")).id).toBe(1);
  expect(lab.errors).toEqual([]);
});
