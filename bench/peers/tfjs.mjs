// TensorFlow.js on its WASM backend, which uses one thread in Node.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

// What it says about itself must not lie among the answers.
console.log = console.info = console.error;
const tf = await import("@tensorflow/tfjs");
const { setWasmPaths, setThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
const { serve } = await import("./serve.mjs");
setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")))}/`);
setThreadsCount(Number(process.argv[2]));
await tf.setBackend("wasm");

const tensor = ({ shape, data }) => tf.tensor(data, shape);
const valuesOf = (t) => Float32Array.from(t.dataSync());

/** The axes of our weights in their order, and back. */
const layouts = { dense: { to: [1, 0], from: [1, 0] }, conv: { to: [2, 3, 1, 0], from: [3, 2, 0, 1] } };

const dense = (name, units, inputs, activation) => ({ name, kind: "dense", layer: tf.layers.dense({ units, activation, ...inputs }) });
const conv = (name, filters, padding, inputs) => ({
  name,
  kind: "conv",
  layer: tf.layers.conv2d({ filters, kernelSize: 5, padding, activation: "tanh", ...inputs }),
});
const plain = (layer) => ({ layer });

const models = {
  mlp: () => [dense("fc1", 128, { inputShape: [784] }, "relu"), dense("fc2", 64, {}, "relu"), dense("fc3", 10, {})],
  lenet5: () => [
    conv("conv1", 6, "same", { inputShape: [28, 28, 1] }),
    plain(tf.layers.averagePooling2d({ poolSize: 2 })),
    conv("conv2", 16, "valid", {}),
    plain(tf.layers.averagePooling2d({ poolSize: 2 })),
    // Channels come first where our images become vectors.
    plain(tf.layers.permute({ dims: [3, 1, 2] })),
    plain(tf.layers.flatten()),
    dense("fc1", 120, {}, "tanh"),
    dense("fc2", 84, {}, "tanh"),
    dense("fc3", 10, {}),
  ],
};
const optimizers = { adam: () => tf.train.adam(1e-3), sgd: () => tf.train.sgd(0.1) };

function train(work, given) {
  const make = models[work.model];
  if (!make || !optimizers[work.optimizer]) return undefined;
  const layers = make();
  const model = tf.sequential({ layers: layers.map(({ layer }) => layer) });
  const named = layers.filter(({ name }) => name);
  for (const { name, kind, layer } of named) {
    layer.setWeights([tensor(given[`${name}.weight`]).transpose(layouts[kind].to), tensor(given[`${name}.bias`])]);
  }
  const optimizer = optimizers[work.optimizer]();
  const images = tensor(given["batch.x"]);
  const x = images.rank === 4 ? images.transpose([0, 2, 3, 1]) : images;
  const y = tf.oneHot(tensor(given["batch.y"]).toInt(), 10).toFloat();
  const step = () => tf.tidy(() => optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model.apply(x)), true).dataSync()[0]);
  const losses = Float32Array.from([step(), step()]);
  const results = { losses };
  for (const { name, kind, layer } of named) {
    const [weight, bias] = layer.getWeights();
    results[`${name}.weight`] = valuesOf(weight.transpose(layouts[kind].from));
    results[`${name}.bias`] = valuesOf(bias);
  }
  return { run: step, results };
}

await serve((work, given) => {
  if (work.kind === "train") return train(work, given);
  if (work.kind !== "matmul") return undefined;
  const a = tensor(given.input0);
  const b = tensor(given.input1);
  const run = () => {
    const product = tf.matMul(a, b);
    const values = product.dataSync();
    product.dispose();
    return values;
  };
  return { run, results: { output: Float32Array.from(run()) } };
});
