import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { CompileError } from "../../core/errors.js";
import { temporaryName } from "../../core/temporary-name.js";
import { placeEntry, readEntry, sha256, writeEntry } from "./cache-entry.js";
import { preludeHead } from "./c-prelude.js";
import { kernelName, type KernelSource } from "./render-c.js";
import { runShell } from "./run-shell.js";
import type { Toolchain } from "./toolchain.js";

/** Where the machine code of a source lies. */
export interface CompiledSource {
  readonly key: string;
  readonly library: string;
  readonly symbol: string;
}

/** Characters of C that are worth another compiler process. */
const unitCharacters = 3000;

/**
 * How a source is compiled: a kernel; a `light` one, whose run is too short to gain by optimizing; or a `library` that
 * uses the system's.
 */
type Build = "kernel" | "light" | "library";

export interface Source extends KernelSource {
  /** "kernel" if not given. */
  readonly build?: Build;
}

interface Pending extends Source {
  readonly key: string;
}

/** The assembler begins before the compiler is done, and there is nothing to unwind: kernels call nothing that could. */
const quick = ["-pipe", "-fno-asynchronous-unwind-tables", "-fno-ident"];

const levels = { kernel: "-O3", light: "-Og", library: "-O3" } as const;

/**
 * Compiles C into shared libraries, through a folder that keeps them. Each source is known by a hash of its text, the
 * compiler, the flags and the processor; an entry `KEY` there holds the SHA-256 of the library it is in, which is also
 * the library's name, so a damaged library is noticed and built again, and two processes cannot disturb each other.
 */
export class CompilerDriver {
  readonly #folder: string;
  readonly #mostLibraries: number;
  #pruned = false;
  /** How many sources were not found but compiled. */
  compiledSources = 0;
  readonly #toolchain: Toolchain;
  readonly #compiled = new Map<string, CompiledSource>();
  readonly #intact = new Map<string, boolean>();

  /** When something is compiled and the folder holds more than `mostLibraries`, the older half of it is deleted. */
  constructor(toolchain: Toolchain, folder: string, mostLibraries = 4000) {
    this.#toolchain = toolchain;
    this.#folder = folder;
    this.#mostLibraries = mostLibraries;
  }

  /** The identity of a source: equal ones are compiled once. */
  key(source: Source): string {
    const hash = createHash("sha256").update(this.#toolchain.identity).update(`${preludeHead}${source.build ?? "kernel"}`);
    for (const definition of source.definitions.values()) hash.update(definition);
    return hash.update("\0").update(source.text).digest("hex").slice(0, 40);
  }

  /**
   * Finds or compiles the sources, several at a time, and returns where each lies. Throws CompileError naming a file with
   * the source when the compiler rejects one at -O3 and at -O1.
   */
  compile(sources: readonly Source[]): CompiledSource[] {
    const all = sources.map((source): Pending => ({ ...source, key: this.key(source) }));
    // What was there a moment ago may be gone: the folder is emptied before something is compiled, by this process or by another.
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const pending = new Map(all.flatMap((source) => (this.#find(source.key) ? [] : [[source.key, source] as const])));
      if (pending.size === 0) break;
      this.#build([...pending.values()]);
    }
    return all.map(({ key }, i) => {
      const compiled = this.find(key);
      if (!compiled) throw new CompileError(`source ${i} of ${sources.length} was compiled but is not there`);
      return compiled;
    });
  }

  /** Where the source of an identity was compiled to, if it was. */
  find(key: string): CompiledSource | undefined {
    return this.#find(key) ? this.#compiled.get(key) : undefined;
  }

  #find(key: string): boolean {
    const known = this.#compiled.get(key);
    // Another process may have emptied the folder.
    if (known && existsSync(known.library)) return true;
    const name = readEntry(this.#folder, key)?.toString("latin1");
    if (name === undefined || !/^[0-9a-f]{64}$/.test(name)) return false;
    let intact = this.#intact.get(name);
    if (intact === undefined || known) {
      const content = readEntry(this.#folder, libraryOf(name));
      intact = content !== undefined && sha256(content) === name;
      this.#intact.set(name, intact);
    }
    if (intact) this.#compiled.set(key, { key, library: join(this.#folder, libraryOf(name)), symbol: symbolOf(key) });
    return intact;
  }

  #build(sources: readonly Pending[]): void {
    const work = join(this.#folder, temporaryName());
    try {
      mkdirSync(work, { recursive: true, mode: 0o700 });
      if (!this.#pruned) prune(this.#folder, this.#mostLibraries);
      this.#pruned = true;
      const builds: readonly Build[] = ["kernel", "light", "library"];
      const units = builds.flatMap((build) => partition(sources.filter((source) => (source.build ?? "kernel") === build), availableParallelism()));
      const failed = this.#compileUnits(work, units);
      if (failed.length === 0) return;
      // One bad kernel must not take the others of its unit with it.
      const singles = failed.flatMap(({ unit }) => unit.map((source) => [source]));
      const [rejected] = this.#compileUnits(work, singles, "-O1");
      if (!rejected) return;
      const kept = `rejected-${rejected.unit[0]?.key ?? "unit"}.c`;
      placeEntry(rejected.file, this.#folder, kept);
      const compiler = this.#toolchain.command.join(" ");
      throw new CompileError(`${compiler} rejects the kernel in ${join(this.#folder, kept)}:\n${rejected.log.slice(0, 2000)}`);
    } catch (error) {
      if (error instanceof CompileError) throw error;
      throw new CompileError(
        `compiled kernels cannot be kept in ${this.#folder}: ${String(error)}. Free space there, or set GRADUS_CACHE to another folder`,
        { cause: error },
      );
    } finally {
      removeWork(work);
    }
  }

  /** Compiles units side by side and records those that succeed. */
  #compileUnits(work: string, units: readonly (readonly Pending[])[], level?: string): { unit: readonly Pending[]; file: string; log: string }[] {
    const jobs = units.map((unit, i) => {
      const base = join(work, `unit${level ?? ""}-${i}`);
      writeFileSync(`${base}.c`, unitText(unit));
      const build = unit[0]?.build ?? "kernel";
      const flags = [...this.#toolchain.flags, level ?? levels[build], "-std=gnu11", "-D_GNU_SOURCE", "-w", "-shared", "-fPIC", ...quick];
      const command = [...this.#toolchain.command, ...flags, "-o", `${base}.so`, `${base}.c`, ...this.#libraries(build)].map(quote).join(" ");
      return { unit, base, command };
    });
    // Units differ in what they take: more of them than cores share these evenly.
    const width = 2 * availableParallelism();
    for (let i = 0; i < jobs.length; i += width) {
      const script = jobs.slice(i, i + width).map(({ base, command }) => `{ ${command} 2> ${quote(`${base}.log`)} && : > ${quote(`${base}.ok`)}; } &`);
      // Ctrl-C reaches all processes of a terminal; a compiler that it ended would be one that rejects the kernel.
      runShell(`trap '' INT\n${script.join("\n")}\nwait`);
    }
    return jobs.flatMap(({ unit, base }) => {
      if (readable(`${base}.ok`) !== undefined) {
        this.#keep(unit, `${base}.so`);
        return [];
      }
      return [{ unit, file: `${base}.c`, log: readable(`${base}.log`) ?? "the compiler could not be started" }];
    });
  }

  /**
   * What a unit is linked with. Looking for the system's libraries takes as long as compiling a small kernel; the few
   * functions of them that a compiler may call are there in every process of Node.
   */
  #libraries(build: Build): string[] {
    if (build === "library" || process.platform !== "linux") return ["-pthread", "-lm", "-ldl"];
    return this.#toolchain.macros.has("__clang__") ? ["-nostdlib"] : ["-nostdlib", "-lgcc"];
  }

  #keep(unit: readonly Pending[], built: string): void {
    const name = sha256(readFileSync(built));
    chmodSync(built, 0o700);
    placeEntry(built, this.#folder, libraryOf(name));
    this.#intact.set(name, true);
    this.compiledSources += unit.length;
    for (const { key } of unit) {
      writeEntry(this.#folder, key, name);
      this.#compiled.set(key, { key, library: join(this.#folder, libraryOf(name)), symbol: symbolOf(key) });
    }
  }
}

function removeWork(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // A later process removes it.
  }
}

/** How often kernels are compiled that others delete again and again. */
const mostAttempts = 3;

/** Names of what the compiler leaves in the folder, in which other things lie too. */
const entryNames = /^([0-9a-f]{40}(\.json)?|[0-9a-f]{64}\.so|(toolchain|rejected)-.*)$/;

/** Keeps the folder from growing without end. A library that is loaded stays usable after its file is gone. */
function prune(folder: string, mostLibraries: number): void {
  const names = readdirSync(folder).filter((name) => entryNames.test(name));
  if (names.filter((name) => /\.(so|json)$/.test(name)).length <= mostLibraries) return;
  const ages = names.flatMap((name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    return stat ? [{ name, time: stat.mtimeMs }] : [];
  });
  ages.sort((a, b) => a.time - b.time);
  for (const { name } of ages.slice(0, ages.length / 2)) rmSync(join(folder, name), { recursive: true, force: true });
}

function libraryOf(name: string): string {
  return `${name}.so`;
}

function symbolOf(key: string): string {
  return `kernel_${key}`;
}

function unitText(unit: readonly Pending[]): string {
  const definitions = new Map(unit.flatMap((source) => [...source.definitions]));
  const kernels = unit.map(({ key, text }) => text.replace(kernelName, symbolOf(key)));
  return [preludeHead, ...definitions.values(), ...kernels].join("\n");
}

/** Units of about equal length, at most `most` of them and none for a few lines. */
function partition(sources: readonly Pending[], most: number): Pending[][] {
  if (sources.length === 0) return [];
  const total = sources.reduce((sum, s) => sum + s.text.length, 0);
  const count = Math.max(1, Math.min(most, sources.length, Math.ceil(total / unitCharacters)));
  const units = Array.from({ length: count }, () => ({ sources: [] as Pending[], length: 0 }));
  for (const source of [...sources].sort((a, b) => b.text.length - a.text.length)) {
    const unit = units.reduce((least, u) => (u.length < least.length ? u : least));
    unit.sources.push(source);
    unit.length += source.text.length;
  }
  return units.map((u) => u.sources);
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

function readable(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
