// jax-js on its WASM backend. Run with --experimental-wasm-relaxed-simd where Node needs the flag.
import { serve } from "./serve.mjs";

console.log = console.info = console.error;
if (!globalThis.navigator) Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: Number(process.argv[2]) } });
const { init, defaultDevice, numpy: np, jit, valueAndGrad, nn, tree } = await import("@jax-js/jax");
await init();
defaultDevice("wasm");

const array = ({ shape, data }) => np.array(data, { shape, dtype: data instanceof Int32Array ? np.int32 : np.float32 });

function matmul(given) {
  const a = array(given.input0);
  const b = array(given.input1);
  return async () => np.matmul(a.ref, b.ref).data();
}

/** −mean ln softmax(logits)[y] of a network 784-128-64-10; weights are [out, in]. */
function loss(p, x, y) {
  const layer = (input, name) => np.matmul(input, np.transpose(p[`${name}.weight`])).add(p[`${name}.bias`]);
  const hidden = nn.relu(layer(nn.relu(layer(x, "fc1")), "fc2"));
  return nn.logSoftmax(layer(hidden, "fc3")).mul(y).sum().mul(-1 / 64);
}

function gradients(given) {
  const parameters = Object.fromEntries(Object.entries(given).filter(([name]) => !name.startsWith("batch.")).map(([name, t]) => [name, array(t)]));
  const x = array(given["batch.x"]);
  const y = nn.oneHot(array(given["batch.y"]), 10);
  const both = jit(valueAndGrad(loss));
  return async () => {
    const [value, slopes] = both(tree.ref(parameters), x.ref, y.ref);
    const results = { losses: await value.data() };
    for (const [name, slope] of Object.entries(slopes)) results[`gradient ${name}`] = await slope.data();
    return results;
  };
}

await serve(async (work, given) => {
  if (work.kind === "matmul") {
    const run = matmul(given);
    return { run, results: { output: await run() } };
  }
  if (work.kind === "gradients" && work.model === "mlp") {
    const run = gradients(given);
    return { run, results: await run() };
  }
  return undefined;
});
