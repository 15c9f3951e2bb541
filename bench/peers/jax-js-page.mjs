// jax-js in a page: a LeNet-5 training step, compiled as a whole. An array is consumed by its use; `.ref` keeps it.
import { defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { pageOf } from "./page.mjs";

const array = ({ shape, data }) => np.array(data, { shape, dtype: data instanceof Int32Array ? np.int32 : np.float32 });

const conv = (x, p, name, padding) =>
  np.tanh(lax.convGeneralDilated(x, p[`${name}.weight`], [1, 1], padding).add(p[`${name}.bias`].reshape([1, -1, 1, 1])));
const dense = (x, p, name) => np.matmul(x, np.transpose(p[`${name}.weight`])).add(p[`${name}.bias`]);

function averagePool(x) {
  const [batch, channels, height, width] = x.shape;
  return np.mean(x.reshape([batch, channels, height / 2, 2, width / 2, 2]), [3, 5]);
}

/** −mean ln softmax(logits)[y]; weights of products are [out, in]. */
function loss(p, x, y) {
  const [batch] = x.shape;
  const maps = averagePool(conv(averagePool(conv(x, p, "conv1", "SAME")), p, "conv2", "VALID"));
  const hidden = np.tanh(dense(np.tanh(dense(maps.reshape([batch, 400]), p, "fc1")), p, "fc2"));
  return nn.logSoftmax(dense(hidden, p, "fc3")).mul(y).sum().mul(-1 / batch);
}

function update(p, x, y) {
  const [value, slopes] = valueAndGrad(loss)(tree.ref(p), x, y);
  return [value, tree.map((weight, slope) => weight.sub(slope.mul(0.1)), p, slopes)];
}

export const { prepare, round } = pageOf(async (device, work, given) => {
  if (work.kind !== "train" || work.model !== "lenet5" || work.optimizer !== "sgd") return undefined;
  await init(device);
  defaultDevice(device);
  let parameters = Object.fromEntries(Object.entries(given).filter(([name]) => !name.startsWith("batch.")).map(([name, t]) => [name, array(t)]));
  const x = array(given["batch.x"]);
  const y = nn.oneHot(array(given["batch.y"]), 10);
  const step = jit(update);
  const run = async () => {
    const [value, next] = step(parameters, x.ref, y.ref);
    parameters = next;
    return (await value.data())[0];
  };
  const results = { losses: Float32Array.from([await run(), await run()]) };
  for (const [name, value] of Object.entries(parameters)) results[name] = await value.ref.data();
  return { run, results };
});
