import { kernelType } from "./kernel-type.js";
import * as wasm from "./opcodes.js";
import {
  commandKind,
  commandLayout,
  controlLayout,
  copyLayout,
  copyPiece,
  launchLayout,
  loopLayout,
  placeLayout,
  ringSlots,
  sleepers,
  stepKind,
  threadLayout,
} from "./program-layout.js";
import {
  constant,
  indexed,
  memory,
  plain,
  typed,
  type FunctionType,
  type Instruction,
  type WasmFunction,
  type WasmModule,
} from "./wasm-module.js";

/**
 * The program interpreter, as a WebAssembly module of its own: every thread runs the same program and takes its share of
 * each launch, so that nothing crosses into JavaScript between kernels. Imports: `read(address, bytes, ticket)`,
 * `drained()` and `mark(field, fresh)`, called on thread 0. `mark` adds the milliseconds since the last mark to a float64
 * in memory or, if fresh, sets it to the time. Exports: `run(thread, program, end)` runs one program, `lead(thread, command)`
 * a command together with the threads that serve, as thread 0 and while nothing is queued; `serve(thread)` takes commands, thread 0 from
 * the queue and the others from it, until it is told to pause.
 */
export function interpreterModule(sharedMemory: boolean): WasmModule {
  return {
    imports: [
      { name: "read", type: signature(3) },
      { name: "drained", type: signature(0) },
      { name: "mark", type: signature(2) },
    ],
    sharedMemory,
    table: true,
    types: [kernelType],
    functions: [begin, barrier, sync, place, launch, copy, steps, part, join, lead, run, serve],
  };
}

type Code = readonly Instruction[];

const signature = (params: number, results: 0 | 1 = 0): FunctionType => ({
  params: Array.from({ length: params }, () => "i32" as const),
  results: results ? ["i32"] : [],
});

function define(name: string, params: number, results: 0 | 1, locals: number, ...body: readonly Code[]): WasmFunction {
  return {
    name,
    type: signature(params, results),
    locals: Array.from({ length: locals }, () => "i32" as const),
    body: body.flat(),
  };
}

const imported = ["read", "drained", "mark"] as const;
const called = ["begin", "barrier", "sync", "place", "launch", "copy", "steps", "part", "join", "lead"] as const;
const names: readonly FunctionName[] = [...imported, ...called];
type FunctionName = (typeof imported)[number] | (typeof called)[number];

const get = (local: number): Code => [indexed(wasm.localGet, local)];
const set = (local: number, value: Code): Code => [...value, indexed(wasm.localSet, local)];
const num = (value: number): Code => [constant(wasm.i32Const, value)];
const binary =
  (op: wasm.Opcode) =>
  (a: Code, b: Code): Code => [...a, ...b, plain(op)];
const [add, sub, mul, and, or] = [
  binary(wasm.i32Add),
  binary(wasm.i32Sub),
  binary(wasm.i32Mul),
  binary(wasm.i32And),
  binary(wasm.i32Or),
];
const [equal, different, less, more] = [binary(wasm.i32Eq), binary(wasm.i32Ne), binary(wasm.i32LtU), binary(wasm.i32GtU)];
const [divide, smaller] = [binary(wasm.i32DivU), binary(wasm.i32LtS)];
const shiftRight = (a: Code, by: number): Code => [...a, ...num(by), plain(wasm.i32ShrU)];
const not = (a: Code): Code => [...a, plain(wasm.i32Eqz)];
const load = (address: Code, offset = 0): Code => [...address, memory(wasm.i32Load, offset)];
const store = (address: Code, offset: number, value: Code): Code => [...address, ...value, memory(wasm.i32Store, offset)];
const atomic = (op: wasm.Opcode, address: Code, offset: number, ...values: readonly Code[]): Code => [
  ...address,
  ...values.flat(),
  memory(op, offset),
];
const call = (fn: FunctionName, ...args: readonly Code[]): Code => [
  ...args.flat(),
  indexed(wasm.call, names.indexOf(fn)),
];
const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  typed(wasm.ifOp),
  ...then,
  ...(otherwise.length > 0 ? [plain(wasm.elseOp), ...otherwise] : []),
  plain(wasm.end),
];
/** `while (condition) body`; inside the body, label 1 leaves the loop. */
const loop = (condition: Code, body: Code): Code => [
  typed(wasm.block),
  typed(wasm.loop),
  ...not(condition),
  indexed(wasm.brIf, 1),
  ...body,
  indexed(wasm.br, 0),
  plain(wasm.end),
  plain(wasm.end),
];
const wait32 = (address: Code, offset: number, expected: Code): Code => [
  ...address,
  ...expected,
  // A timeout of -1 as i64: no timeout.
  constant(wasm.i64Const, -1),
  memory(wasm.memoryAtomicWait32, offset),
  plain(wasm.drop),
];

const {
  control: ofControl,
  thread: ofThread,
  threads: ofThreads,
  bases: ofBases,
  scratch,
  pending,
  depth,
  sequence,
  idle,
  inStep,
  record,
  recorded,
  counters,
  pointers,
} = threadLayout;

/**
 * A thread looks at most this often before it sleeps, a look costing up to one nanosecond. Sleeping and waking take as long as all of
 * them, but where threads share a core, looking only keeps it from who has work: what did not suffice is halved the next
 * time. Each 32nd time a thread is patient again, to notice when things are better.
 */
const mostLooks = 131072;

/** Looks at a control word until it is no longer `old`; sleeps after a while. `spin` is a free local, `patience` which waiting it is. */
function untilChanged(thread: Code, control: Code, offset: number, old: Code, spin: number, patience: number): Code {
  const unchanged = equal(atomic(wasm.i32AtomicLoad, control, offset), old);
  const tries = load(thread, patience + 4);
  return [
    ...set(spin, [...load(thread, patience), ...num(mostLooks), ...and(tries, num(31)), plain(wasm.select)]),
    ...store(thread, patience + 4, add(tries, num(1))),
    ...store(thread, patience, shiftRight(get(spin), 1)),
    ...loop(and(unchanged, different(get(spin), num(0))), set(spin, sub(get(spin), num(1)))),
    ...when(not(unchanged), store(thread, patience, num(mostLooks))),
    ...loop(unchanged, [
      ...atomic(wasm.i32AtomicRmwAdd, control, offset + sleepers, num(1)),
      plain(wasm.drop),
      ...wait32(control, offset, old),
      ...atomic(wasm.i32AtomicRmwSub, control, offset + sleepers, num(1)),
      plain(wasm.drop),
    ]),
  ];
}

/** Changes a control word that threads wait for. */
const raise = (control: Code, offset: number, value: Code): Code => [
  ...atomic(wasm.i32AtomicStore, control, offset, value),
  ...when(atomic(wasm.i32AtomicLoad, control, offset + sleepers), [
    ...atomic(wasm.memoryAtomicNotify, control, offset, num(-1)),
    plain(wasm.drop),
  ]),
];

/** begin(thread): a run begins; its first fields are the time and what passes before the first step. */
const begin = ((): WasmFunction => {
  const thread = get(0);
  const start = load(thread, record);
  return define("", 1, 0, 0, when(start, [...store(thread, recorded, start), ...call("mark", start, num(1))]));
})();

/** Measures the work of a step, or what passed since then. */
const markWork = (thread: Code, offset: Code): Code =>
  when(load(thread, record), [
    ...store(thread, recorded, add(load(thread, record), offset)),
    ...call("mark", load(thread, recorded), num(0)),
  ]);
const markWaiting = (thread: Code): Code =>
  when(load(thread, record), call("mark", add(load(thread, recorded), num(8)), num(0)));

/** barrier(thread): waits for all threads; the last one makes the work counter ready for the next launch. */
const barrier = ((): WasmFunction => {
  const [thread, control, old, spin] = [0, 1, 2, 3];
  const reset = atomic(wasm.i32AtomicStore, get(control), controlLayout.next, num(0));
  // A thread that fails marks it and then moves the generation on, so that nobody waits for it.
  const failed = when(atomic(wasm.i32AtomicLoad, get(control), controlLayout.failed), [plain(wasm.unreachable)]);
  return define(
    "",
    1,
    0,
    3,
    set(control, load(get(thread), ofControl)),
    when(equal(load(get(thread), ofThreads), num(1)), [...reset, plain(wasm.returnOp)]),
    set(old, atomic(wasm.i32AtomicLoad, get(control), controlLayout.generation)),
    failed,
    when(
      equal(
        atomic(wasm.i32AtomicRmwAdd, get(control), controlLayout.arrived, num(1)),
        sub(load(get(thread), ofThreads), num(1)),
      ),
      [
        ...atomic(wasm.i32AtomicStore, get(control), controlLayout.arrived, num(0)),
        ...reset,
        ...raise(get(control), controlLayout.generation, add(get(old), num(1))),
      ],
      untilChanged(get(thread), get(control), controlLayout.generation, get(old), spin, inStep),
    ),
    failed,
  );
})();

/** What a thread may have under way: nothing since the last barrier, work of thread 0 alone, work of all threads. */
const work = { none: 0, alone: 1, shared: 2, end: 3 } as const;

/** sync(thread, work): a barrier, unless all that is under way and all that comes belongs to thread 0. */
const sync = ((): WasmFunction => {
  const [thread, next] = [0, 1];
  const before = load(get(thread), pending);
  return define(
    "",
    2,
    0,
    0,
    when(
      or(equal(before, num(work.shared)), and(equal(before, num(work.alone)), more(get(next), num(work.alone)))),
      call("barrier", get(thread)),
    ),
    store(get(thread), pending, [...num(work.none), ...get(next), ...equal(get(next), num(work.end)), plain(wasm.select)]),
    markWaiting(get(thread)),
  );
})();

/** place(thread, place) → address. */
const place = ((): WasmFunction => {
  const [thread, at, sum, d] = [0, 1, 2, 3];
  const base = load(add(load(get(thread), ofBases), mul(load(get(at), placeLayout.base), num(4))));
  const ahead = (start: Code): Code => add(start, mul(get(d), num(4)));
  return define(
    "",
    2,
    1,
    2,
    set(sum, add(base, load(get(at), placeLayout.offset))),
    loop(less(get(d), load(get(at), placeLayout.strides)), [
      ...set(sum, add(get(sum), mul(load(ahead(get(thread)), counters), load(ahead(get(at)), placeLayout.first)))),
      ...set(d, add(get(d), num(1))),
    ]),
    get(sum),
  );
})();

/** The place after the one that the local points to. */
const afterPlace = (at: number): Code =>
  add(get(at), add(num(placeLayout.first), mul(load(get(at), placeLayout.strides), num(4))));

/** `take(begin, end)` for each share of `items` that this thread gets. */
const shares = (control: number, begin: number, end: number, items: Code, grain: Code, take: Code): Code =>
  loop(
    [
      ...set(begin, atomic(wasm.i32AtomicRmwAdd, get(control), controlLayout.next, grain)),
      ...smaller(get(begin), items),
    ],
    [...set(end, add(get(begin), grain)), ...when(smaller(items, get(end)), set(end, items)), ...take],
  );

/** launch(thread, step). */
const launch = ((): WasmFunction => {
  const [thread, step, at, pointer, count, parallel, begin, end, control] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const items = load(get(step), launchLayout.items);
  const invoke = (from: Code, to: Code): Code => [
    ...add(get(thread), num(pointers)),
    ...get(at),
    ...from,
    ...to,
    ...load(get(thread), scratch),
    ...load(get(step), launchLayout.fn),
    indexed(wasm.callIndirect, 0, 0),
  ];
  return define(
    "",
    2,
    0,
    7,
    set(parallel, smaller(load(get(step), launchLayout.grain), items)),
    call("sync", get(thread), add(get(parallel), num(1))),
    when(and(not(get(parallel)), different(load(get(thread), ofThread), num(0))), [plain(wasm.returnOp)]),
    set(at, add(get(step), num(launchLayout.first))),
    set(pointer, get(thread)),
    set(count, load(get(step), launchLayout.places)),
    loop(get(count), [
      ...store(get(pointer), pointers, call("place", get(thread), get(at))),
      ...set(pointer, add(get(pointer), num(4))),
      ...set(at, afterPlace(at)),
      ...set(count, sub(get(count), num(1))),
    ]),
    set(control, load(get(thread), ofControl)),
    // `at` now points to the ints.
    when(
      get(parallel),
      shares(control, begin, end, items, load(get(step), launchLayout.grain), invoke(get(begin), get(end))),
      when(smaller(num(0), items), invoke(num(0), items)),
    ),
    markWork(get(thread), load(get(step), launchLayout.record)),
  );
})();

/** copy(thread, step). */
const copy = ((): WasmFunction => {
  const [thread, step, from, to, bytes, parallel, begin, end, control] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const first = add(get(step), num(copyLayout.first));
  const move = (start: Code, length: Code): Code => [
    ...add(get(to), start),
    ...add(get(from), start),
    ...length,
    indexed(wasm.memoryCopy, 0, 0),
  ];
  const pieceStart = mul(get(begin), num(copyPiece));
  const rest = sub(get(bytes), pieceStart);
  return define(
    "",
    2,
    0,
    7,
    set(bytes, load(get(step), copyLayout.bytes)),
    set(parallel, more(get(bytes), num(copyPiece))),
    call("sync", get(thread), add(get(parallel), num(1))),
    when(and(not(get(parallel)), different(load(get(thread), ofThread), num(0))), [plain(wasm.returnOp)]),
    set(from, call("place", get(thread), first)),
    set(to, first),
    set(to, call("place", get(thread), afterPlace(to))),
    set(control, load(get(thread), ofControl)),
    when(
      get(parallel),
      shares(
        control,
        begin,
        end,
        // The number of pieces, without overflow for sizes near 4 GiB.
        add(divide(sub(get(bytes), num(1)), num(copyPiece)), num(1)),
        num(1),
        move(pieceStart, [...rest, ...num(copyPiece), ...less(rest, num(copyPiece)), plain(wasm.select)]),
      ),
      move(num(0), get(bytes)),
    ),
    markWork(get(thread), load(get(step), copyLayout.record)),
  );
})();

/** steps(thread, begin, end). */
const steps = ((): WasmFunction => {
  const [thread, at, end, level, i, next] = [0, 1, 2, 3, 4, 5];
  const kind = load(get(at));
  return define(
    "",
    3,
    0,
    3,
    loop(less(get(at), get(end)), [
      ...set(next, add(get(at), load(get(at), launchLayout.size))),
      ...when(
        equal(kind, num(stepKind.launch)),
        call("launch", get(thread), get(at)),
        when(equal(kind, num(stepKind.copy)), call("copy", get(thread), get(at)), [
          ...set(level, load(get(thread), depth)),
          ...store(get(thread), depth, add(get(level), num(1))),
          ...set(i, num(0)),
          ...loop(less(get(i), load(get(at), loopLayout.count)), [
            ...store(add(get(thread), mul(get(level), num(4))), counters, get(i)),
            ...call("steps", get(thread), add(get(at), num(loopLayout.body)), get(next)),
            ...set(i, add(get(i), num(1))),
          ]),
          ...store(get(thread), depth, get(level)),
        ]),
      ),
      ...set(at, get(next)),
    ]),
  );
})();

/** part(thread, command): this thread's part of a run. */
const part = ((): WasmFunction => {
  const [thread, command] = [0, 1];
  const field = (offset: number): Code => load(get(command), offset);
  const who = load(get(thread), ofThread);
  return define(
    "",
    2,
    0,
    0,
    store(get(thread), ofBases, field(commandLayout.bases)),
    store(get(thread), scratch, add(field(commandLayout.scratch), mul(who, field(commandLayout.scratchStride)))),
    when(not(who), [...store(get(thread), record, field(commandLayout.record)), ...call("begin", get(thread))]),
    call("steps", get(thread), field(commandLayout.program), field(commandLayout.programEnd)),
  );
})();

/** join(thread, command): does it together with the other threads. It ends with a barrier, so that nobody still reads the command. */
const join = ((): WasmFunction => {
  const [thread, command] = [0, 1];
  return define(
    "",
    2,
    0,
    0,
    when(
      equal(load(get(command), commandLayout.kind), num(commandKind.run)),
      [...call("part", get(thread), get(command)), ...call("sync", get(thread), num(work.end))],
      call("barrier", get(thread)),
    ),
  );
})();

/** lead(thread, command): begins it on all threads, as thread 0. */
const lead = ((): WasmFunction => {
  const [thread, command, control] = [0, 1, 2];
  return define(
    "lead",
    2,
    0,
    1,
    set(control, load(get(thread), ofControl)),
    store(get(control), controlLayout.team, get(command)),
    raise(get(control), controlLayout.started, add(load(get(control), controlLayout.started), num(1))),
    call("join", get(thread), get(command)),
  );
})();

/** run(thread, program, end): a whole program on the calling thread alone. */
const run = define("run", 3, 0, 0, call("begin", get(0)), call("steps", get(0), get(1), get(2)), call("sync", get(0), num(work.end)));

/** serve(thread): takes commands in order. Returns when told to pause, so that the thread can see its messages. */
const serve = ((): WasmFunction => {
  const [thread, control, seen, command, kind, spin] = [0, 1, 2, 3, 4, 5];
  const field = (offset: number): Code => load(get(command), offset);
  /** Waits until a control word has counted one more, sets `command` and deals with it. */
  const takeEach = (counter: number, address: Code, take: Code): Code => [
    typed(wasm.loop),
    ...untilChanged(get(thread), get(control), counter, get(seen), spin, idle),
    ...set(command, address),
    ...set(kind, field(commandLayout.kind)),
    ...set(seen, add(get(seen), num(1))),
    ...store(get(thread), sequence, get(seen)),
    ...take,
    ...different(get(kind), num(commandKind.pause)),
    indexed(wasm.brIf, 0),
    plain(wasm.end),
  ];
  const slot = add(get(control), mul(and(get(seen), num(ringSlots - 1)), num(commandLayout.bytes)));
  const alone: Code = [...call("part", get(thread), get(command)), ...store(get(thread), pending, num(work.none))];
  const led = call("lead", get(thread), get(command));
  const first: Code = [
    ...when(
      equal(get(kind), num(commandKind.read)),
      call("read", field(commandLayout.address), field(commandLayout.length), field(commandLayout.ticket)),
      when(and(equal(get(kind), num(commandKind.run)), field(commandLayout.alone)), alone, led),
    ),
    ...raise(get(control), controlLayout.progress, get(seen)),
    ...when(equal(atomic(wasm.i32AtomicLoad, get(control), controlLayout.submitted), get(seen)), [
      ...when(atomic(wasm.i32AtomicRmwXchg, get(control), controlLayout.drainWanted, num(0)), call("drained")),
    ]),
  ];
  return define(
    "serve",
    1,
    0,
    5,
    set(control, load(get(thread), ofControl)),
    set(seen, load(get(thread), sequence)),
    when(
      load(get(thread), ofThread),
      takeEach(controlLayout.started, load(get(control), controlLayout.team), call("join", get(thread), get(command))),
      takeEach(controlLayout.submitted, add(slot, num(controlLayout.ring)), first),
    ),
  );
})();
