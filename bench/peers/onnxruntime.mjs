// ONNX Runtime on the processor: products and inference.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxModel } from "./onnx-model.mjs";
import { serve } from "./serve.mjs";

const threads = Number(process.argv[2]);

async function session(model, output, shape, feeds) {
  const loaded = await InferenceSession.create(model.encode(output, shape), { intraOpNumThreads: threads, graphOptimizationLevel: "all" });
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { shape: sizes, data }]) => [name, new Tensor("float32", data, sizes)]));
  const run = async () => (await loaded.run(inputs))[output].data;
  return { run, results: { output: Float32Array.from(await run()) } };
}

function matmul({ input0, input1 }) {
  const model = new OnnxModel();
  const product = model.apply("MatMul", [model.input("a", input0.shape), model.input("b", input1.shape)]);
  return session(model, product, [input0.shape[0], input1.shape[1]], { a: input0, b: input1 });
}

/** ResNet-20 with the weights' names as the layers'. */
function resnet20(given) {
  const model = new OnnxModel();
  const weight = (name) => model.weight(name, given[name]);
  const conv = (x, name, stride) => {
    const pad = (given[`${name}.weight`].shape[2] - 1) / 2;
    return model.apply("Conv", [x, weight(`${name}.weight`)], { strides: [stride, stride], pads: [pad, pad, pad, pad] });
  };
  const norm = (x, name) =>
    model.apply("BatchNormalization", [x, ...["weight", "bias", "running_mean", "running_var"].map((part) => weight(`${name}.${part}`))], { epsilon: 1e-5 });
  const relu = (x) => model.apply("Relu", [x]);
  let x = relu(norm(conv(model.input("x", given["batch.x"].shape), "conv", 1), "bn"));
  for (let k = 0; k < 9; k++) {
    const name = `blocks.${k}`;
    const stride = k === 3 || k === 6 ? 2 : 1;
    const inner = relu(norm(conv(x, `${name}.conv1`, stride), `${name}.bn1`));
    const around = stride === 1 ? x : norm(conv(x, `${name}.shortcut.0`, stride), `${name}.shortcut.1`);
    x = relu(model.apply("Add", [norm(conv(inner, `${name}.conv2`, 1), `${name}.bn2`), around]));
  }
  const features = model.apply("Flatten", [model.apply("GlobalAveragePool", [x])]);
  const logits = model.apply("Gemm", [features, weight("fc.weight"), weight("fc.bias")], { transB: 1 });
  return session(model, logits, [given["batch.x"].shape[0], 10], { x: given["batch.x"] });
}

await serve((work, given) => {
  if (work.kind === "matmul") return matmul(given);
  if (work.kind === "infer" && work.model === "resnet20") return resnet20(given);
  return undefined;
});
