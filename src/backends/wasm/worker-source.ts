/**
 * The program of a worker thread, for a Node worker or a browser's. It holds an instance of the interpreter and of every
 * kernel module, and sits in `serve` until a pause sends it back to its messages; each message ends by serving again.
 * The numbers 64, 256, 320 and 512 are offsets of the control block (program-layout.ts): generation, sleepers, failed,
 * progress.
 */
export const workerSource = `"use strict";
const port = typeof require === "function" ? require("node:worker_threads").parentPort : self;
let memory, table, serve, thread, control, origin;
let numbers = new Float64Array(0), last = 0;

function read(address, length, ticket) {
  const from = address >>> 0, count = length >>> 0;
  // A memory that has just grown may still show its old length here; growing by nothing renews it.
  if (memory.buffer.byteLength < from + count) memory.grow(0);
  const bytes = new Uint8Array(count);
  bytes.set(new Uint8Array(memory.buffer, from, count));
  port.postMessage({ kind: "bytes", ticket, bytes }, [bytes.buffer]);
}

function drained() {
  port.postMessage({ kind: "drained" });
}

function mark(field, fresh) {
  const at = field >>> 3;
  if (numbers.length <= at) {
    memory.grow(0);
    numbers = new Float64Array(memory.buffer);
  }
  const now = performance.now() + origin;
  numbers[at] = fresh ? now : numbers[at] + now - last;
  last = now;
}

function start(data) {
  ({ memory, thread, control } = data);
  origin = performance.timeOrigin - data.origin;
  table = new WebAssembly.Table({ element: "anyfunc", initial: 256 });
  serve = new WebAssembly.Instance(data.module, { env: { memory, table, read, drained, mark } }).exports.serve;
}

function install({ module, first, count }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  while (table.length < first + count) table.grow(table.length);
  for (let i = 0; i < count; i++) table.set(first + i, exports["k" + i]);
}

function fail(error) {
  const words = new Int32Array(memory.buffer, control, 1024);
  if (Atomics.exchange(words, 320 >> 2, 1) === 0) port.postMessage({ kind: "failed", message: String((error && error.stack) || error) });
  Atomics.add(words, 64 >> 2, 1);
  Atomics.notify(words, 64 >> 2);
  Atomics.notify(words, 512 >> 2);
}

port.onmessage = ({ data }) => {
  try {
    if (data.kind === "start") start(data);
    else install(data);
    serve(thread);
  } catch (error) {
    fail(error);
  }
};
`;
