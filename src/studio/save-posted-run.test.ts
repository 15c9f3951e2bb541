import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, expect, it } from "vitest";
import { writeZip } from "../io/zip.js";
import { savePostedRun } from "./save-posted-run.js";

const folder = await mkdtemp(join(tmpdir(), "gradus-posted-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const zip = (files: Readonly<Record<string, string>>): Promise<Uint8Array> => writeZip(new Map(Object.entries(files).map(([name, content]) => [name, text(content)])));
const put = async (path: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await savePostedRun(folder, path, Object.assign(Readable.from([Buffer.from(body)]), { headers }) as IncomingMessage);
  return answer && [answer.status, JSON.parse(String(answer.body)) as unknown];
};
const run = { "mine/model.safetensors": "weights", "mine/recipe.json": "{}" };

it("saves the files of a run, and a second one of its name beside it", async () => {
  expect(await put("/api/runs/mine", await zip(run))).toEqual([201, { id: "mine" }]);
  expect(await put("/api/runs/mine", await zip({ ...run, "mine/recipe.json": "[]" }))).toEqual([201, { id: "mine-2" }]);
  expect(await readFile(join(folder, "mine/model.safetensors"), "utf8")).toBe("weights");
  expect(await readFile(join(folder, "mine/recipe.json"), "utf8")).toBe("{}");
  expect(await readFile(join(folder, "mine-2/recipe.json"), "utf8")).toBe("[]");
});

it("takes nothing but the files of a run, under a name in the folder", async () => {
  const good = await zip(run);
  for (const path of ["/api/runs/..", "/api/runs/a%2Fb", "/api/runs/.hidden", "/api/runs/", "/api/runs/a/files/b", "/other"]) expect(await put(path, good)).toBeUndefined();
  expect(await put("/api/runs/a", text("no archive"))).toEqual([400, { error: expect.stringContaining("zip") as string }]);
  expect(await put("/api/runs/a", await zip({ ...run, "mine/run.sh": "rm" }))).toEqual([400, { error: "run.sh is no file of a run" }]);
  expect(await put("/api/runs/a", await zip({ "recipe.json": "{}" }))).toEqual([400, { error: "the run has no model.safetensors" }]);
  expect(await put("/api/runs/a", good, { "content-length": String(2 ** 28 + 1) })).toEqual([413, { error: "a run of more than 268435456 bytes is not taken" }]);
  expect((await readdir(folder)).sort()).toEqual(["mine", "mine-2"]);
});
