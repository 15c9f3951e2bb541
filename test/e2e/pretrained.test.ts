import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ResNetCifar } from "../../src/models/resnet-cifar.js";
import { compile, loadDataset, loadWeights, nn, noGrad, setDefaultDevice, tensor, withoutPrefix, type Tensor } from "../../src/node.js";
import { compiledDevices } from "../conformance/devices.js";

const beside = join(dirname(fileURLToPath(import.meta.url)), "../../../shared/data");
const data = process.env["GRADUS_DATA"] || beside;
const weights = join(data, "weights");
const has = existsSync(join(weights, "resnet20-cifar10"));
if (!has) console.warn(`no pretrained weights in ${weights}: their tests are skipped; name their folder with GRADUS_DATA`);

interface Images {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
  readonly shape: readonly [channels: number, height: number, width: number];
}

/** Records of a label and 3 × 32 × 32 bytes. */
function cifarTest(): Images {
  const bytes = readFileSync(join(data, "cifar10-subset/test_batch_first1000.bin"));
  const size = 3 * 32 * 32;
  const records = Array.from({ length: bytes.length / (size + 1) }, (_, i) => bytes.subarray(i * (size + 1), (i + 1) * (size + 1)));
  return { pixels: Buffer.concat(records.map((record) => record.subarray(1))), labels: Uint8Array.from(records, ([label = 0]) => label), shape: [3, 32, 32] };
}

async function mnistTest(): Promise<Images> {
  const { images, labels } = (await loadDataset("mnist", { dataDir: data })).test;
  return { pixels: images, labels, shape: [1, 28, 28] };
}

/** How many images a network gets right: `(pixel / 255 − mean) / std` for each channel goes in. */
async function countRight(model: nn.Module<Tensor, Tensor>, { pixels, labels, shape }: Images, mean: readonly number[], std: readonly number[]): Promise<number> {
  model.eval();
  const [channels, height, width] = shape;
  const perChannel = (values: readonly number[]): Tensor => tensor(values).reshape(channels, 1, 1);
  const [center, scale] = [perChannel(mean), perChannel(std)];
  const predict = compile((bytes: Tensor) => noGrad(() => model.forward(bytes.astype("float32").div(255).sub(center).div(scale)).argmax(1)));
  const [batch, size] = [500, channels * height * width];
  let right = 0;
  for (let start = 0; start < labels.length; start += batch) {
    const bytes = new Uint8Array(pixels.subarray(start * size, (start + batch) * size));
    const classes = await predict(tensor(bytes, { shape: [batch, channels, height, width] })).data();
    right += Array.from(classes).filter((found, i) => found === labels[start + i]).length;
  }
  return right;
}

/** The network of PyTorch's CIFAR-10 tutorial. */
class LeNetCifar extends nn.Module<Tensor, Tensor> {
  conv1 = new nn.Conv2d(3, 6, 5);
  conv2 = new nn.Conv2d(6, 16, 5);
  pool = new nn.MaxPool2d(2);
  fc1 = new nn.Linear(400, 120);
  fc2 = new nn.Linear(120, 84);
  fc3 = new nn.Linear(84, 10);
  override forward(images: Tensor): Tensor {
    const x = this.pool.forward(this.conv1.forward(images).relu()); // (B, 6, 14, 14)
    const maps = this.pool.forward(this.conv2.forward(x).relu()).flatten(1); // (B, 400)
    return this.fc3.forward(this.fc2.forward(this.fc1.forward(maps).relu()).relu()); // (B, 10)
  }
}

/** The network of burn's example import-model-weights. */
class MnistCnn extends nn.Module<Tensor, Tensor> {
  conv1 = new nn.Conv2d(1, 8, 3);
  conv2 = new nn.Conv2d(8, 16, 3);
  conv3 = new nn.Conv2d(16, 24, 3);
  norm1 = new nn.BatchNorm2d(24);
  fc1 = new nn.Linear(11616, 32);
  fc2 = new nn.Linear(32, 10);
  norm2 = new nn.BatchNorm1d(10);
  override forward(images: Tensor): Tensor {
    let x = this.conv1.forward(images).relu(); // (B, 8, 26, 26)
    x = this.conv2.forward(x).relu(); // (B, 16, 24, 24)
    x = this.conv3.forward(x).relu(); // (B, 24, 22, 22)
    x = this.norm1.forward(x).flatten(1); // (B, 11616)
    x = this.fc1.forward(x).relu(); // (B, 32)
    return this.norm2.forward(this.fc2.forward(x)).logSoftmax(1); // (B, 10)
  }
}

// A GPU in software would take half an hour.
const devices = compiledDevices().filter(({ isSoftware }) => isSoftware !== true);

describe.skipIf(!has).each(devices.map((device) => [device.name, device] as const))("pretrained on %s", (_, device) => {
  test("the CIFAR-10 net of a legacy PyTorch file gets 590 of 1000 right", async () => {
    setDefaultDevice(device);
    const model = new LeNetCifar();
    const state = await loadWeights(join(weights, "captum-lenet-cifar10/cifar_torchvision.pt"));
    expect(model.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    expect(await countRight(model, cifarTest(), [0.5, 0.5, 0.5], [0.5, 0.5, 0.5])).toBe(590);
  });

  test("the MNIST net of a safetensors file gets 9917 of 10000 right", async () => {
    setDefaultDevice(device);
    const model = new MnistCnn();
    const state = await loadWeights(join(weights, "mnist-cnn/mnist.safetensors"));
    expect(model.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    expect(await countRight(model, await mnistTest(), [0.1307], [0.3081])).toBe(9917);
  });

  test("ResNet-20 of a legacy PyTorch checkpoint gets 915 of 1000 right", async () => {
    setDefaultDevice(device);
    const model = new ResNetCifar();
    const state = withoutPrefix(await loadWeights(join(weights, "resnet20-cifar10/resnet20-12fca82f.th")), "module.");
    expect(model.loadStateDict(state, { strict: false })).toEqual({
      missing: Object.keys(model.stateDict()).filter((name) => name.endsWith("num_batches_tracked")), unexpected: [],
    }); // prettier-ignore
    expect(await countRight(model, cifarTest(), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])).toBe(915);
  });
});
