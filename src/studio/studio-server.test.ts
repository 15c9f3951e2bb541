import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startStudio, type Studio } from "./studio-server.js";

let folder = "";
let studio: Studio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradus-studio-"));
  await mkdir(join(folder, "pages", "assets"), { recursive: true });
  await writeFile(join(folder, "pages", "index.html"), "<title>Studio</title>");
  await writeFile(join(folder, "pages", "assets", "app-1a2b.js"), "1");
  await writeFile(join(folder, "secret"), "secret");
  await mkdir(join(folder, "runs", "one"), { recursive: true });
  await writeFile(join(folder, "runs", "one", "recipe.json"), '{"recipe":"mlp"}');
  studio = await startStudio({ pages: join(folder, "pages"), runs: join(folder, "runs"), port: 0 });
});
afterAll(async () => {
  await studio.close();
  await rm(folder, { recursive: true });
});

interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Asks as written: a path is not tidied up, and headers are those that are given. */
function ask(path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: studio.door.port, host: "127.0.0.1", path, method, headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

async function cookie(): Promise<string> {
  const { headers } = await ask(studio.address.slice(studio.address.indexOf("/?")));
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

test("the token in the address becomes a cookie that scripts and other sites do not get, and leaves the address", async () => {
  const { status, headers } = await ask(studio.address.slice(studio.address.indexOf("/?")));
  expect([status, headers.location]).toEqual([303, "/"]);
  expect(headers["set-cookie"]).toEqual([`gradus-studio-${studio.door.port}=${studio.door.token}; HttpOnly; SameSite=Strict; Path=/`]);
  expect(studio.door.token).toMatch(/^[\w-]{24}$/);
  const page = await ask("/", { cookie: await cookie() });
  expect([page.status, page.text]).toEqual([200, "<title>Studio</title>"]);
});

test("who has no token reads what to do, and nothing else", async () => {
  for (const path of ["/", "/?token=wrong", "/api/runs", "/api/live", "/assets/app-1a2b.js"]) {
    const { status, headers, text } = await ask(path);
    expect([status, text.includes("npx gradus studio"), headers["set-cookie"]]).toEqual([403, true, undefined]);
  }
  expect((await ask("/?token=%3Cscript%3E", { host: '"><script>' })).text).not.toContain("<script>");
});

test("every answer isolates the page and loads nothing from elsewhere", async () => {
  for (const headers of [{}, { cookie: await cookie() }]) {
    const answer = (await ask("/", headers)).headers;
    expect(answer).toMatchObject({ "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp", "cross-origin-resource-policy": "same-origin", "x-content-type-options": "nosniff" });
    const policy = String(answer["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("worker-src 'self' blob:");
    expect(policy).not.toMatch(/https?:|unsafe-inline|'unsafe-eval'|\*/);
    expect(answer["access-control-allow-origin"]).toBeUndefined();
  }
});

test("no path leads out of the pages", async () => {
  const headers = { cookie: await cookie() };
  expect(await ask("/assets/app-1a2b.js", headers)).toMatchObject({ status: 200, text: "1", headers: { "content-type": "text/javascript; charset=utf-8" } });
  for (const path of ["/../secret", "/assets/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/assets/..%5c..%5csecret", "//secret", "/secret", "/assets/", "/index.html/..", "/api/runs/one/files/..%2f..%2f..%2fsecret"]) {
    const answer = await ask(path, headers);
    expect([path, answer.status === 404 || answer.text.startsWith("<title>"), answer.text.includes("secret\n") || answer.text === "secret"]).toEqual([path, true, false]);
  }
});

test("runs are answered, other methods are not", async () => {
  const headers = { cookie: await cookie() };
  expect(JSON.parse((await ask("/api/runs", headers)).text)).toMatchObject({ runs: [{ id: "one" }] });
  expect(await ask("/api/runs", headers, "HEAD")).toMatchObject({ status: 200, text: "" });
  const origin = `http://127.0.0.1:${studio.door.port}`;
  expect(await ask("/api/runs", { ...headers, origin }, "DELETE")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD, PUT", "content-type": "application/json" } });
  expect(await ask("/api/runs", headers, "DELETE")).toMatchObject({ status: 403 });
});

test("the files of a run are sent, and a run may be the folder itself", async () => {
  const weights = Buffer.alloc(300_000, "gradus");
  await writeFile(join(folder, "runs", "one", "model.safetensors"), weights);
  await writeFile(join(folder, "runs", "one", "metrics.jsonl"), "");
  const itself = await startStudio({ pages: join(folder, "pages"), runs: join(folder, "runs", "one"), port: 0 });
  try {
    for (const open of [studio, itself]) {
      const get = async (path: string, init: RequestInit = {}): Promise<Response> =>
        fetch(`http://127.0.0.1:${open.door.port}/api/runs${path}`, { headers: { cookie: `gradus-studio-${open.door.port}=${open.door.token}` }, ...init });
      const { runs } = (await (await get("")).json()) as { runs: { id: string }[] };
      const id = encodeURIComponent(runs[0]?.id ?? "");
      expect(await (await get(`/${id}`)).json()).toMatchObject({ row: { name: "one", recipe: "mlp" } });
      expect(await (await get(`/${id}/curves`)).json()).toMatchObject({ curves: {} });
      expect(Buffer.from(await (await get(`/${id}/files/model.safetensors`)).arrayBuffer()).equals(weights)).toBe(true);
      const head = await get(`/${id}/files/model.safetensors`, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length")]).toEqual([200, "300000"]);
      expect(await (await get(`/${id}/files/metrics.jsonl`)).text()).toBe("");
    }
  } finally {
    await itself.close();
  }
});

test("a request that is no HTTP, or whose address is none, harms nobody", async () => {
  await new Promise<void>((resolve) => {
    const socket = connect(studio.door.port, "127.0.0.1", () => socket.end("nonsense\r\n\r\n"));
    socket.on("close", () => resolve()).resume();
  });
  expect((await ask("//", { cookie: await cookie() })).status).toBeGreaterThanOrEqual(400);
  expect((await ask("/", { cookie: await cookie() })).status).toBe(200);
});

test("it listens on this computer's own address only, and says what to do about a port that is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  const options = { pages: join(folder, "pages"), runs: folder };
  await expect(startStudio({ ...options, port })).rejects.toThrow(`port ${port} is taken, perhaps by another studio; name another one, as in: gradus studio --port 0`);
  other.close();
  await expect(startStudio({ ...options, pages: join(folder, "runs"), port: 0 })).rejects.toThrow("npm run build");
  expect(studio.address.startsWith(`http://127.0.0.1:${studio.door.port}/?token=`)).toBe(true);
});
