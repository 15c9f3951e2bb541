// TensorFlow.js on its WASM backend, which uses one thread in Node.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

// What it says about itself must not lie among the answers.
console.log = console.info = console.error;
const tf = await import("@tensorflow/tfjs");
const { setWasmPaths, setThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
const { serve } = await import("./serve.mjs");
const { train } = await import("./tfjs-training.mjs");
setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")))}/`);
setThreadsCount(Number(process.argv[2]));
await tf.setBackend("wasm");

const tensor = ({ shape, data }) => tf.tensor(data, shape);

await serve((work, given) => {
  if (work.kind === "train") return train(tf, work, given);
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
