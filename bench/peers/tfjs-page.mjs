// TensorFlow.js in a page: on WASM with as many threads as cores, or on WebGPU.
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import { pageOf } from "./page.mjs";
import { train } from "./tfjs-training.mjs";

export const { prepare, round } = pageOf(async (device, work, given) => {
  setWasmPaths("/");
  setThreadsCount(navigator.hardwareConcurrency);
  if (!(await tf.setBackend(device))) throw new Error(`TensorFlow.js has no backend ${device} here`);
  await tf.ready();
  return train(tf, work, given);
});
