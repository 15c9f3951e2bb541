// Kills processes at random moments while they compile, save or download, and checks that every file they leave is whole or
// absent, and that the next run ends well: node scripts/kill-at-random.mjs [--kills 200] [--kinds compile,save,download].
// Needs the built command (npm run build).
import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSync } from "esbuild";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "200" }, kinds: { type: "string", default: "compile,save,download" } },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "bin/gradus.js");
const folder = mkdtempSync(join(tmpdir(), "gradus-kills-"));
const cache = join(folder, "cache");
const work = join(folder, "work");
const data = join(folder, "data");

const sha256 = (content) => createHash("sha256").update(content).digest("hex");

function bundle(name, contents) {
  const outfile = join(folder, name);
  buildSync({ stdin: { contents, resolveDir: join(root, "src") }, outfile, bundle: true, platform: "node", format: "esm", external: ["koffi"] });
  return outfile;
}

const reader = `
  import { device, setDefaultDevice } from "./node.js";
  setDefaultDevice(device("reference"));
  export { decodeCheckpoint } from "./train/checkpoint.js";
  export { removeAbandoned } from "./core/temporary-name.js";`;
const { decodeCheckpoint, removeAbandoned } = await import(bundle("read.mjs", reader));

/** What is not whole in the compile cache. Files under a temporary name are nobody's yet. */
function brokenInCache() {
  if (!existsSync(cache)) return [];
  return finished(cache).filter((name) => {
    const content = readFileSync(join(cache, name));
    if (/^[0-9a-f]{40}$/.test(name)) return !existsSync(join(cache, `${content.toString()}.so`));
    if (name.endsWith(".so")) return `${sha256(content)}.so` !== name;
    if (name.endsWith(".json") || name.startsWith("toolchain-")) return sha256(content.subarray(65)) !== content.subarray(0, 64).toString();
    return true;
  });
}

/** What is not whole in the run's folder. */
async function brokenInRun() {
  const run = join(work, "run");
  if (!existsSync(run)) return [];
  const broken = [];
  for (const name of finished(run)) {
    const path = join(run, name);
    try {
      if (name === "checkpoints") {
        for (const file of finished(path)) await decodeCheckpoint(readFileSync(join(path, file)));
      } else if (name.endsWith(".safetensors")) {
        checkTensors(readFileSync(path));
      } else if (name.endsWith(".jsonl")) {
        for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) JSON.parse(line);
      } else if (name.endsWith(".json")) {
        JSON.parse(readFileSync(path, "utf8"));
      }
    } catch (error) {
      broken.push(`${path}: ${error.message}`);
    }
  }
  if (!existsSync(join(run, "recipe.json"))) broken.push("a run without recipe.json");
  return broken;
}

/** Throws unless the safetensors header fits the file's length. */
function checkTensors(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const ends = Object.values(JSON.parse(bytes.toString("utf8", 8, 8 + length))).map((entry) => entry.data_offsets?.[1] ?? 0);
  if (8 + length + Math.max(...ends) !== bytes.length) throw new Error("not as long as its header says");
}

const finished = (path) => readdirSync(path).filter((name) => !name.endsWith(".tmp"));
const left = (path) => (existsSync(path) ? readdirSync(path, { recursive: true }).filter((name) => /\.(tmp|part)$/.test(name)) : []);

const published = randomBytes(2_000_000);

/** A server that sends the file in pieces. */
async function serve() {
  const server = createServer(async (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const headers = { "content-length": published.length - from };
    if (from > 0) response.writeHead(206, { ...headers, "content-range": `bytes ${from}-${published.length - 1}/${published.length}` });
    else response.writeHead(200, headers);
    for (let at = from; at < published.length && !response.destroyed; at += 50_000) {
      response.write(published.subarray(at, at + 50_000));
      await sleep(4);
    }
    response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const server = await serve();
const file = { name: "file.bin", bytes: published.length, sha256: sha256(published), from: [`http://127.0.0.1:${server.address().port}/file.bin`] };
const downloader = bundle(
  "download.mjs",
  `import { fetchFiles } from "./data/fetch-files.js"; await fetchFiles([${JSON.stringify(file)}], ${JSON.stringify(data)});`,
);

function brokenDownload() {
  const path = join(data, file.name);
  return existsSync(path) && sha256(readFileSync(path)) !== file.sha256 ? [path] : [];
}

const train = (...options) => [bin, ..."train softmax-regression --limit 300 --out run --checkpoint-every".split(" "), ...options];
const next = (begin) => (existsSync(join(work, "run")) ? [bin, "train", "--resume", "run"] : begin);
const empty = (...folders) => folders.forEach((path) => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

const compile = train("2", "--epochs", "1", "--device", "native");
const save = train("1", "--epochs", "8", "--device", "native");
/** How each kind is prepared, what is killed, what is run then, and what must be whole. */
const kinds = {
  compile: {
    prepare: () => empty(cache, join(work, "run")),
    first: () => compile,
    next: () => next(compile),
    broken: async () => [...brokenInCache(), ...(await brokenInRun())],
    left: () => [...left(cache), ...left(work)],
  },
  save: {
    prepare: () => empty(join(work, "run")),
    first: () => save,
    next: () => next(save),
    broken: async () => [...brokenInCache(), ...(await brokenInRun())],
    left: () => [...left(cache), ...left(work)],
  },
  download: {
    prepare: () => empty(data),
    first: () => [downloader],
    next: () => [downloader],
    broken: async () => brokenDownload(),
    left: () => left(data),
  },
};

/** Starts a process of Node with processes of its own; `ended` gives its exit code, null where it was killed, and what it wrote. */
function start(argv) {
  const child = spawn(process.execPath, argv, { cwd: work, env: { ...process.env, GRADUS_CACHE: cache }, detached: true });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += String(chunk)));
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve({ code, text })));
  return { child, ended };
}

/** One kill, or undefined where the process was faster; gives what was wrong. */
async function killOnce(kind, milliseconds) {
  kind.prepare();
  const { child, ended } = start(kind.first());
  await Promise.race([sleep(Math.random() * milliseconds), ended]);
  // With the compilers that it has started, or without.
  if (child.exitCode === null) process.kill(Math.random() < 0.5 ? -child.pid : child.pid, "SIGKILL");
  if ((await ended).code !== null) return undefined;
  const wrong = await kind.broken();
  const { code, text } = await start(kind.next()).ended;
  if (code !== 0) wrong.push(`the next run ended with ${code}:\n${text}`);
  wrong.push(...(await kind.broken()));
  // A compiler that outlived its process may still have been writing then; what remains is removed by the next process.
  if (existsSync(cache)) removeAbandoned(cache);
  wrong.push(...kind.left().map((name) => `left behind: ${name}`));
  return wrong;
}

async function killMany(name, kills) {
  const kind = kinds[name];
  kind.prepare();
  const began = performance.now();
  const { code, text } = await start(kind.first()).ended;
  if (code !== 0) throw new Error(`${name} does not run:\n${text}`);
  let milliseconds = performance.now() - began;
  let whole = 0;
  for (let i = 1; i <= kills; ) {
    const wrong = await killOnce(kind, milliseconds);
    if (wrong === undefined) {
      milliseconds *= 0.9;
      continue;
    }
    if (wrong.length === 0) whole++;
    else console.log(`${name} ${i}: ${wrong.join("\n  ")}`);
    i++;
  }
  console.log(`${name}: ${whole} of ${kills} whole or absent`);
  return whole;
}

const names = values.kinds.split(",");
const kills = Number(values.kills);
let whole = 0;
try {
  mkdirSync(work);
  for (const [i, name] of names.entries()) whole += await killMany(name, Math.floor((kills + i) / names.length));
} finally {
  server.close();
  server.closeAllConnections();
  empty(folder);
}
console.log(`${whole} of ${kills} kills left everything whole or absent, and the next run ended well`);
process.exitCode = whole === kills ? 0 : 1;
