/**
 * The program of a worker thread, for a Node worker or a browser's. It holds an instance of the interpreter and of every
 * kernel module, and sits in `serve` until a pause sends it back to its messages; each message ends by serving again. One that
 * owns its memory (`own`) has no shared queue to serve: every command is a message.
 * The numbers 64, 320 and 512 are offsets of the control block (program-layout.ts): generation, failed, progress.
 */
export const workerSource = `"use strict";
const port = typeof require === "function" ? require("node:worker_threads").parentPort : self;
let memory, table, serve, run, thread, control, origin;
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
  serve = instantiate(data.module).serve;
}

function instantiate(module) {
  table = new WebAssembly.Table({ element: "anyfunc", initial: 256 });
  return new WebAssembly.Instance(module, { env: { memory, table, read, drained, mark } }).exports;
}

function own({ module, pages }) {
  memory = new WebAssembly.Memory({ initial: 1, maximum: pages });
  origin = 0;
  run = instantiate(module).run;
}

function install({ module, first, count }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  while (table.length < first + count) table.grow(table.length);
  for (let i = 0; i < count; i++) table.set(first + i, exports["k" + i]);
}

function fail(error) {
  const reply = { kind: "failed", message: String((error && error.stack) || error) };
  if (!serve) return port.postMessage(reply);
  const words = new Int32Array(memory.buffer, control, 1024);
  if (Atomics.exchange(words, 320 >> 2, 1) === 0) port.postMessage(reply);
  Atomics.add(words, 64 >> 2, 1);
  Atomics.notify(words, 64 >> 2);
  Atomics.notify(words, 512 >> 2);
}

const kinds = {
  start,
  own,
  install,
  grow: ({ pages }) => memory.grow(pages),
  write: ({ address, bytes }) => new Uint8Array(memory.buffer).set(bytes, address),
  run: ({ thread, program, end }) => run(thread, program, end),
  read: ({ address, length, ticket }) => read(address, length, ticket),
};

port.onmessage = ({ data }) => {
  try {
    kinds[data.kind](data);
    if (serve) serve(thread);
    else if (data.kind === "run" || data.kind === "install") port.postMessage({ kind: "done" });
  } catch (error) {
    fail(error);
  }
};
`;
