import { execFileSync } from "node:child_process";
import { appendFile, mkdtemp, rename, rm, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LineTail, readLastLines, readPlainFile } from "./line-tail.js";

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-tail-"));
  path = join(folder, "metrics.jsonl");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** What the tail tells now, until it has nothing to tell. */
async function told(tail: LineTail): Promise<string[]> {
  const found: string[] = [];
  for (let next = await tail.next(); next; next = await tail.next()) found.push(next.kind === "lines" ? `${next.from}-${next.to} ${next.text}` : "reset");
  return found;
}

test("each whole line is read once, when it is there", async () => {
  const tail = new LineTail(path);
  expect(await told(tail)).toEqual([]);
  await writeFile(path, "one\ntw");
  expect(await told(tail)).toEqual(["0-4 one\n"]);
  expect(await told(tail)).toEqual([]);
  await appendFile(path, "o\nthree\nfo");
  expect(await told(tail)).toEqual(["4-14 two\nthree\n"]);
  await appendFile(path, "ur\n");
  expect(await told(tail)).toEqual(["14-19 four\n"]);
  expect(tail.offset).toBe(19);
});

test("reading goes on where another has read to", async () => {
  await writeFile(path, "one\ntwo\nthree\n");
  expect(await told(new LineTail(path, 4))).toEqual(["4-14 two\nthree\n"]);
  // In the middle of a line nobody has stopped reading.
  expect((await told(new LineTail(path, 5)))[0]).toBe("reset");
  expect((await told(new LineTail(path, 400)))[0]).toBe("reset");
});

test("a file that is written anew is read anew, also where it is longer than before", async () => {
  await writeFile(path, "one\ntwo\n");
  const tail = new LineTail(path);
  await told(tail);
  await truncate(path, 4);
  expect(await told(tail)).toEqual(["reset", "0-4 one\n"]);
  await writeFile(path, "six\nseven\neight\n");
  expect(await told(tail)).toEqual(["reset", "0-16 six\nseven\neight\n"]);
  await unlink(path);
  expect(await told(tail)).toEqual(["reset"]);
});

test("a file that takes its place with the same lines and more goes on", async () => {
  await writeFile(path, "one\ntwo\n");
  const tail = new LineTail(path);
  await told(tail);
  await writeFile(`${path}.new`, "one\ntwo\nthree\n");
  await rename(`${path}.new`, path);
  expect(await told(tail)).toEqual(["8-14 three\n"]);
});

test("long files are read in pieces of whole lines", async () => {
  const line = `${"x".repeat(99)}\n`;
  await writeFile(path, line.repeat(25_000));
  const tail = new LineTail(path);
  const pieces: number[] = [];
  let text = "";
  for (let next = await tail.next(); next; next = await tail.next()) {
    if (next.kind !== "lines") throw new Error(next.kind);
    pieces.push(next.text.length);
    text += next.text;
  }
  expect([pieces.length, text === line.repeat(25_000), pieces.every((length) => length % 100 === 0)]).toEqual([3, true, true]);
  expect(await readLastLines(path, 250)).toBe(line + line);
  expect(await readLastLines(join(folder, "none"), 250)).toBe("");
});

test("a link is never read", async () => {
  await writeFile(join(folder, "secret"), "secret\n");
  await symlink(join(folder, "secret"), path);
  expect(await told(new LineTail(path))).toEqual([]);
  expect(await readPlainFile(path)).toBeUndefined();
  expect(String(await readPlainFile(join(folder, "secret")))).toBe("secret\n");
});

test.skipIf(process.platform === "win32")("a pipe is no file, and nobody waits for what it would say", async () => {
  execFileSync("mkfifo", [path]);
  expect(await told(new LineTail(path))).toEqual([]);
  expect(await readPlainFile(path)).toBeUndefined();
  expect(await readLastLines(path, 100)).toBe("");
});
