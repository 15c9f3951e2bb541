/* What the compile suite measures in a process of its own: `tasks.ts TASK OPTIONS` prints the result as JSON. */
import { compile, device, randint, randn, setDefaultDevice, tensor, type Tensor } from "../../src/node.js";
import { Mlp } from "../../src/models/mlp.js";
import * as nn from "../../src/nn/index.js";
import { Adam, AdamW, type Optimizer } from "../../src/optim/index.js";
import { steps } from "../cases/steps.js";
import { stepFunction } from "../cases/training.js";
import { CharLstm } from "../models/char-lstm.js";
import { Gpt } from "../models/gpt.js";
import { compilerCalls } from "./child.js";

interface TaskOptions {
  readonly device: string;
  readonly case?: string;
  readonly size?: number;
  readonly steps?: number;
}

type Model = nn.Module<Tensor, Tensor>;

/** Drawn now, so that a clock which starts later does not count it. */
async function drawn<T extends readonly Tensor[]>(...tensors: T): Promise<T> {
  for (const t of tensors) await t.data();
  return tensors;
}

function prepared(name: string | undefined): { run: () => Promise<void>; batch: Tensor[] } {
  const found = steps.find((c) => c.name === name);
  if (!found) throw new Error(`there is no case ${name}`);
  const { given, run } = found.prepare(options.device);
  return { run, batch: Object.entries(given).flatMap(([key, value]) => (key.startsWith("batch.") ? [value] : [])) };
}

/** Milliseconds from the first call of a step to its loss being read; weights are drawn in this time. */
async function firstStep({ case: name }: TaskOptions): Promise<object> {
  const { run, batch } = prepared(name);
  await drawn(...batch);
  const start = performance.now();
  await run();
  return { ms: performance.now() - start };
}

/** Milliseconds in which a call traces, plans and compiles, its state being there. */
async function preparation(model: Model, optimizer: Optimizer, x: Tensor, y: Tensor): Promise<object> {
  await drawn(x, y, ...model.parameters());
  const step = compile(stepFunction(model, optimizer));
  const start = performance.now();
  const loss = step(x, y);
  const ms = performance.now() - start;
  await loss.item();
  return { ms };
}

async function lstmPreparation({ size = 1 }: TaskOptions): Promise<object> {
  const model = new CharLstm(65, 64, 256);
  return preparation(model, new Adam(model.parameters()), randint(0, 65, [32, size]), randint(0, 65, [32 * size]));
}

async function depthPreparation({ size = 1 }: TaskOptions): Promise<object> {
  const model = new nn.Sequential(...Array.from({ length: size }, () => [new nn.Linear(128, 128), new nn.ReLU()]).flat());
  return preparation(model, new Adam(model.parameters()), randn([64, 128]), randint(0, 128, [64]));
}

/** Calls of the C compiler for a batch of another size, after the first one was compiled. */
async function otherBatch(): Promise<object> {
  const model = new Mlp();
  const step = compile(stepFunction(model, new Adam(model.parameters())));
  return callsFor(step, (batch) => [randn([batch, 784]), randint(0, 10, [batch])], 64, 48);
}

/** The same for a sequence of another length. */
async function otherLength(): Promise<object> {
  const model = new Gpt({ layers: 2, width: 128, heads: 4, vocabulary: 65, length: 64 });
  const step = compile(stepFunction(model, new AdamW(model.parameters())));
  return callsFor(step, (length) => [randint(0, 65, [12, length]), randint(0, 65, [12 * length])], 64, 48);
}

async function callsFor(step: (x: Tensor, y: Tensor) => Tensor, batchOf: (size: number) => [Tensor, Tensor], first: number, other: number): Promise<object> {
  const before = await drawn(...batchOf(first));
  const after = await drawn(...batchOf(other));
  await step(...before).item();
  // The state that the first step made is read by the second: it belongs to no size.
  await step(...before).item();
  const calls = compilerCalls();
  const start = performance.now();
  await step(...after).item();
  return { calls: compilerCalls() - calls, ms: performance.now() - start };
}

/** Median milliseconds of a compiled call and the read of its result, which is a sum over `size` numbers. */
async function call({ size = 1 }: TaskOptions): Promise<object> {
  const [x] = await drawn(randn([size]));
  const total = compile((t: Tensor) => t.sum());
  const times: number[] = [];
  for (let i = 0; i < 30000; i++) {
    const start = performance.now();
    await total(x).item();
    times.push(performance.now() - start);
    // Other work has its turn, as in a program.
    if (i % 100 === 0) await new Promise(setImmediate);
  }
  times.sort((a, b) => a - b);
  return { ms: times[Math.floor(times.length / 2)] };
}

/** Milliseconds of starting the device, and of the first value of an expression on small tensors after that. */
async function firstValue(): Promise<object> {
  const [a, b] = await drawn(tensor([[1, 2], [3, 4]]), tensor([0.5, -1]));
  const started = performance.now();
  await a.matmul(a).mul(b).sub(b.square()).sin().sum(0).relu().data();
  return { startMs, ms: performance.now() - started };
}

/** The most memory that the process ever had, in MiB, after some steps. */
async function memory({ case: name, steps: count = 5 }: TaskOptions): Promise<object> {
  const { run } = prepared(name);
  for (let i = 0; i < count; i++) await run();
  return { mib: process.resourceUsage().maxRSS / 1024 };
}

const tasks = { firstStep, lstmPreparation, depthPreparation, otherBatch, otherLength, call, firstValue, memory };
const [task, text = "{}"] = process.argv.slice(2);
const options = JSON.parse(text) as TaskOptions;
const beforeStart = performance.now();
setDefaultDevice(options.device);
const startMs = performance.now() - beforeStart;
const run = tasks[task as keyof typeof tasks];
console.log(JSON.stringify(await run(options)));
await device(options.device).close();
