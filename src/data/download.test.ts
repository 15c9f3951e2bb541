import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DataError } from "../core/errors.js";
import { machine } from "../core/temporary-name.js";
import { download, type DownloadOptions } from "./download.js";

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
const sha256 = createHash("sha256").update(content).digest("hex");

type Answer = (request: IncomingMessage, response: ServerResponse, from: number) => void;
let answers: Record<string, Answer[]> = {};
let asked: string[] = [];
let server: Server;
let origin = "";
let folder = "";
let path = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const range = /bytes=(\d+)-/.exec(request.headers.range ?? "");
    asked.push(`${request.url} ${range?.[1] ?? 0}`);
    // The last answer of an address is given again and again.
    const list = answers[request.url ?? ""] ?? [];
    const answer = list.length > 1 ? list.shift() : list[0];
    if (answer) answer(request, response, Number(range?.[1] ?? 0));
    else response.writeHead(404).end();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-download-"));
  path = join(folder, "file.bin");
  answers = {};
  asked = [];
});
afterEach(() => rm(folder, { recursive: true }));

const whole: Answer = (_, response) => void response.writeHead(200, { "content-length": content.length }).end(content);
const ranged: Answer = (request, response, from) => {
  if (from === 0) return whole(request, response, from);
  const range = `bytes ${from}-${content.length - 1}/${content.length}`;
  response.writeHead(206, { "content-range": range, "content-length": content.length - from }).end(content.subarray(from));
};
/** Sends up to this byte, of what was asked for, and breaks off. */
const breaksAt = (end: number): Answer => (_, response, from) => {
  const range = `bytes ${from}-${content.length - 1}/${content.length}`;
  response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from, ...(from > 0 ? { "content-range": range } : {}) });
  response.write(content.subarray(from, end), () => setTimeout(() => response.destroy(), 20));
};
const stallsAt = (end: number): Answer => (_, response) => {
  response.writeHead(200, { "content-length": content.length });
  response.write(content.subarray(0, end));
};
const redirectsTo = (url: string): Answer => (_, response) => void response.writeHead(302, { location: url }).end();
const fails = (status: number): Answer => (_, response) => void response.writeHead(status).end();

const quick: DownloadOptions = { stallMs: 20_000, retryMs: 1, attempts: 3 };
const get = (urls = ["/file"], options = quick): Promise<void> =>
  download({ urls: urls.map((url) => origin + url), bytes: content.length, sha256, path }, options);
const faultOf = async (urls?: string[], options?: DownloadOptions): Promise<string> => {
  const error: unknown = await get(urls, options).then(() => undefined, (e: unknown) => e);
  expect(error).toBeInstanceOf(DataError);
  return String(error);
};
async function expectWhole(): Promise<void> {
  expect(Buffer.compare(await readFile(path), content)).toBe(0);
  expect(await readdir(folder)).toEqual(["file.bin"]);
}

test("a file comes whole, with its progress, through redirects", async () => {
  answers = { "/file": [redirectsTo("/there")], "/there": [redirectsTo(`${origin}/at-last`)], "/at-last": [whole] };
  const progress: number[] = [];
  await get(["/file"], { ...quick, onProgress: (received) => progress.push(received) });
  await expectWhole();
  expect(progress.at(-1)).toBe(content.length);
});

test("after breaks the rest is asked for by range", async () => {
  answers = { "/file": [breaksAt(100_000), fails(503), breaksAt(200_000), ranged] };
  await get();
  await expectWhole();
  expect(asked).toHaveLength(4);
  expect(asked[0]).toBe("/file 0");
  // How much of what was sent before the break arrived is up to the network.
  expect(Number(asked[3]?.split(" ")[1])).toBeGreaterThan(0);
});

test("a server without ranges sends it all again", async () => {
  answers = { "/file": [breaksAt(100_000), whole] };
  await get();
  await expectWhole();
});

test("a stalled connection is given up and gone on with", async () => {
  answers = { "/file": [stallsAt(50_000), ranged] };
  await get(["/file"], { ...quick, stallMs: 1000 });
  await expectWhole();
  expect(asked).toHaveLength(2);
});

test("a server that always stalls, breaks off or fails is given up after a few attempts", async () => {
  answers = { "/file": [stallsAt(0)], "/breaks": [breaksAt(0)], "/fails": [fails(500)] };
  const fault = await faultOf(["/file", "/breaks", "/fails"], { ...quick, stallMs: 50, attempts: 2 });
  expect(fault).toMatch(/\/file: no byte came for 0.05 seconds \(2 attempts\)/);
  expect(fault).toMatch(/\/breaks: .*\(2 attempts\)/);
  expect(fault).toMatch(/\/fails: answers 500 .*\(2 attempts\)/);
  expect(asked).toHaveLength(6);
  expect(await readdir(folder)).toEqual([]);
});

test.each<[string, Answer, RegExp]>([
  ["too short a file", (_, r) => void r.writeHead(200, { "content-length": 5 }).end("short"), /offers 5 bytes, and 300000 were/],
  ["too long a file", (_, r) => void r.writeHead(200, { "content-length": 300_001 }).end(Buffer.alloc(300_001)), /offers 300001/],
  ["too long a file of untold length", (_, r) => void r.writeHead(200).end(Buffer.alloc(300_001)), /sends more than the 300000/],
  ["other bytes", (_, r) => void r.writeHead(200).end(Buffer.alloc(300_000)), /sent other bytes: their SHA-256/],
  ["no such file", fails(404), /answers 404/],
])("%s: the next address is tried, and without one the error says so and nothing is kept", async (_, answer, message) => {
  answers = { "/wrong": [answer], "/file": [whole] };
  expect(await faultOf(["/wrong"])).toMatch(message);
  expect(asked).toHaveLength(1);
  expect(await readdir(folder)).toEqual([]);
  await get(["/wrong", "/file"]);
  await expectWhole();
});

test("a wrong range is refused", async () => {
  const range = (text: string): Answer => (_, r) => void r.writeHead(206, { "content-range": text }).end("x");
  answers = { "/file": [breaksAt(100_000), range("bytes 299999-299999/300000")], "/size": [range("bytes 5-9/10")] };
  const fault = await faultOf(["/file", "/size"]);
  expect(fault).toMatch(/sends the range from byte 299999/);
  expect(fault).toMatch(/offers 10 bytes/);
});

/** The number of a process that is over. */
const deadProcess = (): number => Number(execFileSync(process.execPath, ["-p", "process.pid"]).toString());

test("what a dead process left is gone on with, what a living one writes is left alone", async () => {
  const dead = deadProcess();
  const leftover = join(folder, `.file.bin.${machine()}.${dead}.aaaaaaaa.part`);
  const shorter = join(folder, `.file.bin.${machine()}.${dead}.bbbbbbbb.part`);
  const living = `.file.bin.${machine()}.${process.ppid}.cccccccc.part`;
  const elsewhere = `.file.bin.00000000.${dead}.dddddddd.part`;
  await writeFile(leftover, content.subarray(0, 200_000));
  await writeFile(shorter, content.subarray(0, 100));
  for (const name of [living, elsewhere]) await writeFile(join(folder, name), content.subarray(0, 250_000));
  answers = { "/file": [ranged] };
  await get();
  expect(asked).toEqual(["/file 200000"]);
  expect((await readdir(folder)).sort()).toEqual([elsewhere, living, "file.bin"].sort());
  expect(Buffer.compare(await readFile(path), content)).toBe(0);
});

test("a leftover with other bytes is begun anew", async () => {
  await writeFile(join(folder, `.file.bin.${machine()}.${deadProcess()}.aaaaaaaa.part`), new Uint8Array(300_000));
  answers = { "/file": [ranged] };
  await get();
  await expectWhole();
  expect(asked).toEqual(["/file 0"]);
});

test("a download that failed is gone on with by the next", async () => {
  answers = { "/file": [breaksAt(100_000), fails(404)] };
  await faultOf();
  answers = { "/file": [ranged] };
  asked = [];
  await get();
  await expectWhole();
  expect(asked).not.toEqual(["/file 0"]);
});

test("two downloads at once do not disturb each other", async () => {
  answers = { "/file": [breaksAt(100_000), breaksAt(200_000), ranged] };
  await Promise.all([get(), get()]);
  await expectWhole();
});
