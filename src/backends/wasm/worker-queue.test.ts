import { expect, it } from "vitest";
import { LinearMemory } from "./linear-memory.js";
import { controlLayout } from "./program-layout.js";
import { WorkerQueue, type WorkerMessage, type WorkerReply } from "./worker-queue.js";

/** A queue whose one thread is played by the test. */
function queueWithThread(): {
  queue: WorkerQueue;
  reply(message: WorkerReply): void;
  finish(commands: number): void;
  alive(): boolean;
} {
  const memory = new LinearMemory(true, 2 ** 20);
  let alive = true;
  let control = 0;
  let reply: (message: WorkerReply) => void = () => undefined;
  const queue = new WorkerQueue(memory, new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), 1, true, (onReply) => {
    reply = onReply;
    return {
      post: (message: WorkerMessage) => {
        if (message.kind === "start") ({ control } = message);
      },
      keepAlive: (on) => void (alive = on),
      terminate: async () => void (alive = true),
    };
  });
  return {
    queue,
    reply: (message) => reply(message),
    finish: (commands) => void Atomics.store(memory.words(control + controlLayout.progress, 1), 0, commands),
    alive: () => alive,
  };
}

it("keeps the process alive until the bytes of a read are there, whatever was announced before", async () => {
  const { queue, reply, finish, alive } = queueWithThread();
  expect(alive()).toBe(false);
  const first = queue.read(0, 4);
  expect(alive()).toBe(true);
  finish(1);
  reply({ kind: "bytes", ticket: 0, bytes: Uint8Array.of(1) });
  const second = queue.read(0, 4);
  finish(2);
  // Sent after the first read, received when the second is done but its bytes have not arrived.
  reply({ kind: "drained" });
  expect(alive()).toBe(true);
  reply({ kind: "bytes", ticket: 1, bytes: Uint8Array.of(2) });
  expect(alive()).toBe(false);
  expect([...(await first), ...(await second)]).toEqual([1, 2]);
});

it("lets the process end after the last command when it was announced before its read", async () => {
  const { queue, reply, finish, alive } = queueWithThread();
  const read = queue.read(0, 4);
  queue.install(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), 0, 0);
  reply({ kind: "bytes", ticket: 0, bytes: Uint8Array.of(1) });
  expect(alive()).toBe(true);
  finish(2);
  reply({ kind: "drained" });
  expect(alive()).toBe(false);
  await read;
});

it("keeps the process alive until its threads have ended, whatever arrives late", async () => {
  const { queue, reply, finish, alive } = queueWithThread();
  const read = queue.read(0, 4);
  finish(1);
  reply({ kind: "bytes", ticket: 0, bytes: Uint8Array.of(1) });
  await read;
  const closed = queue.close();
  expect(alive()).toBe(true);
  reply({ kind: "drained" });
  reply({ kind: "failed", message: "too late" });
  expect(alive()).toBe(true);
  await closed;
});
