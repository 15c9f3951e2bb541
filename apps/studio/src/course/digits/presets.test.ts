import { device, setDefaultDevice } from "gradus";
import { beforeAll, expect, it } from "vitest";
import { generatedDigits, type LabData } from "../../labs/digits/lab-data.js";
import { Session } from "../../labs/digits/session.js";
import type { DigitsSetting } from "../../labs/digits/setting.js";
import { presets } from "./presets.js";

let data: LabData;

beforeAll(async () => {
  setDefaultDevice(device("wasm", { threads: 0 }));
  data = await generatedDigits({ test: 300 });
});

/** What comes of a network after some passes: accuracy and loss on test images, and the mean training loss of its last steps. */
async function trained(setting: DigitsSetting, passes: number) {
  const session = new Session(setting, data);
  await session.train(passes, { onBoundary: () => Promise.resolve(), onJudged: () => undefined }, new AbortController().signal);
  const { accuracy, loss } = await session.judge();
  const last = session.lines.flatMap((line) => ("loss" in line ? [line.loss] : [])).slice(-10);
  return { accuracy, loss, trainingLoss: last.reduce((sum, value) => sum + value, 0) / last.length };
}

it("softmax regression ends at nine of ten digits or a little more", async () => {
  const { accuracy } = await trained(presets.softmax, 2);
  expect(accuracy).toBeGreaterThan(0.88);
  expect(accuracy).toBeLessThan(0.95);
});

it("four layers of sigmoids get nowhere in the first pass of plain descent, of ReLU they do", async () => {
  expect((await trained(presets.deepSigmoid, 1)).accuracy).toBeLessThan(0.3);
  expect((await trained(presets.deepRelu, 1)).accuracy).toBeGreaterThan(0.8);
});

it("nothing is learned at a learning rate that is too large", async () => {
  // Where the loss is no number in the end, fit throws.
  const accuracy = await trained(presets.rateTooLarge, 1).then(
    (result) => result.accuracy,
    () => 0,
  );
  expect(accuracy).toBeLessThan(0.3);
});

it("a large network learns 500 images by heart, not so soon with dropout, and more images are the better help", async () => {
  const plain = await trained(presets.byHeart, 20);
  expect(plain.trainingLoss).toBeLessThan(0.02);
  expect(plain.loss).toBeGreaterThan(0.3);
  const dropped = await trained(presets.byHeartDropped, 20);
  expect(dropped.trainingLoss).toBeGreaterThan(0.05);
  expect((await trained(presets.large, 1)).loss).toBeLessThan(Math.min(plain.loss, dropped.loss) / 2);
});
