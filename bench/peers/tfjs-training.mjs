// Training steps of TensorFlow.js on whatever backend it was given.

/** The axes of our weights in their order, and back. */
const layouts = { dense: { to: [1, 0], from: [1, 0] }, conv: { to: [2, 3, 1, 0], from: [3, 2, 0, 1] } };

const optimizers = { adam: (tf) => tf.train.adam(1e-3), sgd: (tf) => tf.train.sgd(0.1) };

function modelsOf(tf) {
  const dense = (name, units, inputs, activation) => ({ name, kind: "dense", layer: tf.layers.dense({ units, activation, ...inputs }) });
  const conv = (name, filters, padding, inputs) => ({
    name,
    kind: "conv",
    layer: tf.layers.conv2d({ filters, kernelSize: 5, padding, activation: "tanh", ...inputs }),
  });
  const plain = (layer) => ({ layer });
  return {
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
}

/**
 * A training step on the tensors that are given ({shape, data} by name), and the losses of two with the weights after them;
 * undefined for work that is not known.
 */
export async function train(tf, work, given) {
  const tensor = ({ shape, data }) => tf.tensor(data, shape);
  const make = modelsOf(tf)[work.model];
  if (!make || !optimizers[work.optimizer]) return undefined;
  const layers = make();
  const model = tf.sequential({ layers: layers.map(({ layer }) => layer) });
  const named = layers.filter(({ name }) => name);
  for (const { name, kind, layer } of named) {
    layer.setWeights([tensor(given[`${name}.weight`]).transpose(layouts[kind].to), tensor(given[`${name}.bias`])]);
  }
  const optimizer = optimizers[work.optimizer](tf);
  const images = tensor(given["batch.x"]);
  const x = images.rank === 4 ? images.transpose([0, 2, 3, 1]) : images;
  const y = tf.oneHot(tensor(given["batch.y"]).toInt(), 10).toFloat();
  const step = async () => {
    const loss = tf.tidy(() => optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model.apply(x)), true));
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
  const results = { losses: Float32Array.from([await step(), await step()]) };
  for (const { name, kind, layer } of named) {
    const [weight, bias] = layer.getWeights();
    results[`${name}.weight`] = Float32Array.from(await weight.transpose(layouts[kind].from).data());
    results[`${name}.bias`] = Float32Array.from(await bias.data());
  }
  return { run: step, results };
}
