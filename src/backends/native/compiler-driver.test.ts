import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CompileError } from "../../core/errors.js";
import { temporaryName } from "../../core/temporary-name.js";
import { openCacheFolder } from "./cache-folder.js";
import { CompilerDriver } from "./compiler-driver.js";
import { isNativeAvailable } from "./native-host.js";
import { kernelName, type KernelSource } from "./render-c.js";
import { findToolchain, type Toolchain } from "./toolchain.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gradus-test-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const source = (value: string, definitions: readonly (readonly [string, string])[] = []): KernelSource => ({
  text: `int ${kernelName}(void) { return ${value}; }\n`,
  definitions: new Map(definitions),
});

/** The machine's compiler behind a script that notes each call, and fails where `script` says so. */
function counting(script = ""): { toolchain: Toolchain; calls: () => string[] } {
  const log = join(root, "calls");
  writeFileSync(log, "");
  const wrapper = join(root, "compiler.sh");
  const real = findToolchain();
  writeFileSync(wrapper, `#!/bin/sh\necho "$*" >> '${log}'\n${script}\nexec ${real.command.join(" ")} "$@"\n`, { mode: 0o755 });
  return { toolchain: { ...real, command: [wrapper] }, calls: () => readFileSync(log, "utf8").trim().split("\n").filter(Boolean) };
}

const folder = (): string => {
  const path = join(root, "cache");
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
};

const entries = (suffix: RegExp): string[] => readdirSync(folder()).filter((name) => suffix.test(name));

/** Files can be given to another user. */
const asRoot = process.getuid?.() === 0;

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 8;
  writeFileSync(path, bytes);
}

describe.skipIf(!isNativeAvailable())("CompilerDriver", () => {
  it("compiles equal sources once, and nothing in another process that has the folder", () => {
    const { toolchain, calls } = counting();
    const driver = new CompilerDriver(toolchain, folder());
    const [a, b, c] = driver.compile([source("1"), source("2"), source("1")]);
    expect(a).toEqual(c);
    expect(a?.symbol).not.toBe(b?.symbol);
    expect(calls()).toHaveLength(1);
    driver.compile([source("2"), source("3")]);
    expect(calls()).toHaveLength(2);
    expect(new CompilerDriver(toolchain, folder()).compile([source("1"), source("2"), source("3")])).toHaveLength(3);
    expect(calls()).toHaveLength(2);
    expect(readdirSync(folder()).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("builds again what another process deleted, and the folder", () => {
    const driver = new CompilerDriver(findToolchain(), folder());
    const compile = (): boolean[] => driver.compile([source("1"), source("2")]).map(({ library }) => statSync(library).isFile());
    compile();
    for (const library of entries(/\.so$/)) rmSync(join(folder(), library));
    expect(compile()).toEqual([true, true]);
    rmSync(folder(), { recursive: true });
    expect(compile()).toEqual([true, true]);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
  });

  it("takes another compiler or other definitions for another source", () => {
    const driver = new CompilerDriver(findToolchain(), folder());
    const other = new CompilerDriver({ ...findToolchain(), identity: "another" }, folder());
    expect(driver.key(source("1"))).not.toBe(other.key(source("1")));
    expect(driver.key(source("1"))).not.toBe(driver.key(source("1", [["x", "typedef int x;"]])));
  });

  it("builds a truncated library, and one that is gone, again", () => {
    const { toolchain, calls } = counting();
    new CompilerDriver(toolchain, folder()).compile([source("1")]);
    const [library = ""] = entries(/\.so$/);
    truncateSync(join(folder(), library), 100);
    const [again] = new CompilerDriver(toolchain, folder()).compile([source("1")]);
    expect(calls()).toHaveLength(2);
    expect(statSync(again?.library ?? "").size).toBeGreaterThan(1000);
    rmSync(again?.library ?? "");
    new CompilerDriver(toolchain, folder()).compile([source("1")]);
    expect(calls()).toHaveLength(3);
    for (const entry of entries(/^[0-9a-f]{40}$/)) writeFileSync(join(folder(), entry), "../../elsewhere");
    new CompilerDriver(toolchain, folder()).compile([source("1")]);
    expect(calls()).toHaveLength(4);
  });

  it.each<[string, (path: string) => void]>([
    ["with a flipped bit", flipBit],
    ["that is a link", (path) => (renameSync(path, join(root, "elsewhere")), symlinkSync(join(root, "elsewhere"), path))],
    ["that others may write", (path) => chmodSync(path, 0o720)],
    ["that is a folder", (path) => (rmSync(path), mkdirSync(join(path, "inside"), { recursive: true }))],
    ["that is a pipe", (path) => (rmSync(path), execFileSync("mkfifo", [path]))],
    ...(asRoot ? [["of another user", (path: string) => chownSync(path, 12345, 12345)] as [string, (path: string) => void]] : []),
  ])("builds a library or an entry %s again", (_name, spoil) => {
    const { toolchain, calls } = counting();
    new CompilerDriver(toolchain, folder()).compile([source("1")]);
    for (const [i, kind] of [/\.so$/, /^[0-9a-f]{40}$/].entries()) {
      const [name = ""] = entries(kind);
      spoil(join(folder(), name));
      const [compiled] = new CompilerDriver(toolchain, folder()).compile([source("1")]);
      expect(calls()).toHaveLength(2 + i);
      expect(lstatSync(compiled?.library ?? "").isFile()).toBe(true);
      rmSync(join(root, "elsewhere"), { force: true });
    }
    new CompilerDriver(toolchain, folder()).compile([source("1")]);
    expect(calls()).toHaveLength(3);
  });

  it.runIf(process.platform === "linux")("lets the compiler end its work when Ctrl-C is pressed", () => {
    const { toolchain, calls } = counting("kill -INT $$ $PPID $(cut -d ' ' -f 4 /proc/$PPID/stat); sleep 0.1");
    new CompilerDriver(toolchain, folder()).compile([source("1")]);
    expect(calls().map((call) => /-O\d/.exec(call)?.[0])).toEqual(["-O3"]);
  });

  it("says what is wrong with a folder that cannot be written", () => {
    const path = join(root, "file");
    writeFileSync(path, "");
    const compile = (): unknown => new CompilerDriver(findToolchain(), path).compile([source("1")]);
    expect(compile).toThrow(CompileError);
    expect(compile).toThrow("set GRADUS_CACHE");
  });

  it("names the file of a kernel that the compiler rejects and keeps the others", () => {
    const { toolchain, calls } = counting();
    const driver = new CompilerDriver(toolchain, folder());
    const compile = (): unknown => driver.compile([source("1"), source("no such thing"), source("2")]);
    expect(compile).toThrow(CompileError);
    const [kept = ""] = entries(/^rejected-.*\.c$/);
    expect(compile).toThrow(join(folder(), kept));
    expect(readFileSync(join(folder(), kept), "utf8")).toContain("no such thing");
    const before = calls().length;
    driver.compile([source("1"), source("2")]);
    expect(calls()).toHaveLength(before);
  });

  it("tries a kernel again at -O1 that fails at -O3", () => {
    const { toolchain, calls } = counting('case "$*" in *-O3*) echo "internal error" >&2; exit 4;; esac');
    const compiled = new CompilerDriver(toolchain, folder()).compile([source("1"), source("2")]);
    expect(compiled).toHaveLength(2);
    expect(calls().filter((call) => call.includes("-O1"))).toHaveLength(2);
  });

  it("spends less on light kernels, and keeps them apart from others of the same text", () => {
    const { toolchain, calls } = counting();
    const driver = new CompilerDriver(toolchain, folder());
    const compiled = driver.compile([source("1"), { ...source("1"), build: "light" }]);
    expect(new Set(compiled.map(({ library }) => library)).size).toBe(2);
    expect(calls().map((call) => /-O\w/.exec(call)?.[0]).sort()).toEqual(["-O3", "-Og"]);
  });

  it("splits a long program over several units", () => {
    const { toolchain, calls } = counting();
    const long = (i: number): KernelSource => source(`${i} ${"+ 0 ".repeat(5000)}`);
    new CompilerDriver(toolchain, folder()).compile([long(1), long(2), long(3), long(4)]);
    expect(calls().length).toBeGreaterThanOrEqual(1);
    expect(entries(/\.so$/)).toHaveLength(calls().length);
  });

  it("deletes the older half when the folder holds too many libraries", () => {
    for (let i = 0; i < 41; i++) writeFileSync(join(folder(), `${String(i).padStart(64, "0")}.so`), "");
    mkdirSync(join(folder(), "data"));
    utimesSync(join(folder(), "data"), 1, 1);
    const left: number[] = [];
    for (const value of ["1", "1", "2"]) {
      new CompilerDriver(findToolchain(), folder(), 40).compile([source(value)]);
      left.push(entries(/\.so$/).length);
    }
    // Half of them goes before something is compiled, and only then.
    expect(left).toEqual([22, 22, 23]);
    // Other things lie in the user's cache folder too.
    expect(readdirSync(folder())).toContain("data");
  });

  it("compiles again what goes when the folder is emptied", () => {
    new CompilerDriver(findToolchain(), folder()).compile([source("1")]);
    for (const name of entries(/./)) utimesSync(join(folder(), name), 1, 1);
    for (let i = 0; i < 41; i++) writeFileSync(join(folder(), `${String(i).padStart(64, "0")}.so`), "");
    expect(new CompilerDriver(findToolchain(), folder(), 40).compile([source("1"), source("2")])).toHaveLength(2);
  });

  it("says so when the compiler cannot be started", () => {
    const toolchain = { ...findToolchain(), command: [join(root, "missing")] };
    expect(() => new CompilerDriver(toolchain, folder()).compile([source("1")])).toThrow(CompileError);
  });

  it("is safe when two processes compile the same at once", async () => {
    const { toolchain, calls } = counting();
    const bundle = join(root, "compile.mjs");
    const here = JSON.stringify(join(import.meta.dirname, "compiler-driver.ts"));
    const contents = `
      import { CompilerDriver } from ${here};
      const { toolchain, folder, sources } = JSON.parse(process.argv[2]);
      const compiled = new CompilerDriver({ ...toolchain, macros: new Map(toolchain.macros) }, folder).compile(sources.map((text) => ({ text, definitions: new Map() })));
      if (compiled.length !== sources.length) process.exit(1);`;
    buildSync({ stdin: { contents, resolveDir: root }, bundle: true, platform: "node", format: "esm", outfile: bundle });
    const sources = ["1", "2", "3", "4"].map((value) => source(value));
    const input = JSON.stringify({ toolchain: { ...toolchain, macros: [...toolchain.macros] }, folder: folder(), sources: sources.map((s) => s.text) });
    const run = (): Promise<unknown> => new Promise((resolve) => spawn(process.execPath, [bundle, input], { stdio: "inherit" }).on("exit", resolve));
    expect(await Promise.all([run(), run(), run()])).toEqual([0, 0, 0]);
    const before = calls().length;
    new CompilerDriver(toolchain, folder()).compile(sources);
    expect(calls()).toHaveLength(before);
  });
});

describe("openCacheFolder", () => {
  it("makes a private folder", () => {
    vi.stubEnv("GRADUS_CACHE", join(root, "new", "cache"));
    expect(openCacheFolder()).toBe(join(root, "new", "cache"));
    expect(statSync(join(root, "new", "cache")).mode & 0o777).toBe(0o700);
  });

  it("removes what killed processes left, not what living ones are writing", () => {
    const { pid: dead } = spawnSync(process.execPath, ["--version"]);
    const name = (pid: number): string => temporaryName().replace(/\.\d+\./, `.${pid}.`);
    const [left, living] = [name(dead), name(process.ppid)];
    for (const each of [left, living]) mkdirSync(join(folder(), each));
    writeFileSync(join(folder(), left, "unit.c"), "");
    vi.stubEnv("GRADUS_CACHE", folder());
    openCacheFolder();
    expect(entries(/\.tmp$/)).toEqual([living]);
  });

  it("follows XDG_CACHE_HOME", () => {
    vi.stubEnv("GRADUS_CACHE", "");
    vi.stubEnv("XDG_CACHE_HOME", root);
    expect(openCacheFolder()).toBe(join(root, "gradus"));
  });

  it.each<[string, (path: string) => void]>([
    ["open to others", (path: string) => chmodSync(path, 0o755)],
    ["a link", (path: string) => (renameSync(path, `${path}-elsewhere`), symlinkSync(`${path}-elsewhere`, path))],
    ...(asRoot ? [["another user's", (path: string) => chownSync(path, 12345, 12345)] as [string, (path: string) => void]] : []),
    ["no folder", (path: string) => (rmSync(path, { recursive: true }), writeFileSync(path, ""))],
  ])("refuses one that is %s with one line, and uses a private temporary one", (_name, spoil) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const path = folder();
    spoil(path);
    vi.stubEnv("GRADUS_CACHE", path);
    const used = openCacheFolder();
    expect(used).not.toBe(path);
    expect(statSync(used).mode & 0o777).toBe(0o700);
    expect(warn).toHaveBeenCalledTimes(1);
    rmSync(used, { recursive: true });
  });
});
