import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-resume-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command in the test's folder; interrupts it once it has written `interruptAt`. */
function gradus(text: string, interruptAt?: string): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, "bin/gradus.js"), ...text.split(" ")], { cwd: folder });
  let out = "";
  let err = "";
  let sent = false;
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => {
    err += String(chunk);
    if (sent || interruptAt === undefined || !err.includes(interruptAt)) return;
    sent = true;
    child.kill("SIGINT");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const weights = (run: string): Promise<Buffer> => readFile(join(folder, run, "model.safetensors"));

// Two dozen processes one after another.
test("killed runs end as whole ones, byte for byte", { timeout: 180_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "scripts/kill-and-resume.mjs"), "--kills", "2", "--epochs", "4"]);
  expect(stdout).toContain("native: 2 of 2 bitwise equal");
  expect(stdout).toContain("wasm: 2 of 2 bitwise equal");
});

test("what is killed while it compiles, saves or downloads leaves files whole or absent", { timeout: 180_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "scripts/kill-at-random.mjs"), "--kills", "6"]);
  expect(stdout).toContain("6 of 6 kills left everything whole or absent");
});

test("a run that Ctrl-C has stopped goes on to the same end, over a damaged checkpoint", { timeout: 180_000 }, async () => {
  const options = "train softmax-regression --limit 1000 --epochs 200 --device wasm";
  expect(await gradus(`${options} --out whole`)).toMatchObject({ code: 0 });
  const stopped = await gradus(`${options} --out stopped`, "epoch ");
  expect(stopped).toMatchObject({ code: 130, out: expect.stringContaining("Go on with: npx gradus train --resume stopped") as string });
  expect(await gradus("train --resume stopped --checkpoint-every 8", "epoch ")).toMatchObject({ code: 130 });
  const checkpoints = join(folder, "stopped", "checkpoints");
  const [before = "", last = "", ...more] = (await readdir(checkpoints)).sort();
  expect(more).toEqual([]);
  await truncate(join(checkpoints, last), 5000);
  const ended = await gradus("train softmax-regression --epochs 200 --resume stopped");
  expect(ended.code).toBe(0);
  expect(ended.err).toContain(`${join("stopped", "checkpoints", last)} is passed over`);
  expect(ended.err).toContain(`Going on after step ${Number(/\d+/.exec(before)?.[0])}\n`);
  expect((await weights("stopped")).equals(await weights("whole"))).toBe(true);
  expect(await gradus("train --resume stopped")).toMatchObject({ code: 0, out: expect.stringContaining("came to its end") as string });

  const wrong = await gradus("train mlp --resume stopped");
  expect([wrong.code, wrong.err]).toEqual([2, "gradus: --resume stopped: the run trains softmax-regression, not mlp\n"]);
  const other = await gradus("train --resume stopped --lr 0.5");
  expect([other.code, other.err]).toEqual([2, "gradus: --lr 0.5: the run in stopped has 0.001; leave it out to go on\n"]);
  expect((await gradus("train --resume nowhere")).err).toContain("name the folder of a run");
});
