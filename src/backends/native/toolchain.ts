import { spawnSync } from "node:child_process";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { cpus, release } from "node:os";
import { delimiter, join } from "node:path";
import { DeviceError } from "../../core/errors.js";
import { readSummed, sha256, writeSummed } from "./cache-entry.js";

/** The C compiler of this machine and what it says of the processor. */
export interface Toolchain {
  /** The program and arguments that come first, like ["ccache", "gcc"]. */
  readonly command: readonly string[];
  /** Flags for kernels, without the optimization level. */
  readonly flags: readonly string[];
  /** Predefined macros: processor features, compiler version. */
  readonly macros: ReadonlyMap<string, string>;
  /** Changes with the compiler's version, its flags and the processor's features. */
  readonly identity: string;
}

/**
 * Contractions of a·b + c must happen only where a kernel asks for them, integers wrap, and buffers have no type of
 * their own; errno and floating-point exceptions are not looked at. Vectors are made by us alone: gcc 12's vectorizer
 * computes wrong sums where an inner loop runs backwards, and wrong loads in `i < n ? a[i] : b[i - n]`.
 */
const semantics = [
  "-ffp-contract=off",
  "-fwrapv",
  "-fno-strict-aliasing",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fno-tree-vectorize",
];

/** Ways to ask for this processor's instructions; the first that the compiler takes is used. */
const machineFlags = [["-march=native", "-mprefer-vector-width=512"], ["-march=native"], ["-mcpu=native"], []];

let found: Toolchain | undefined;

/**
 * The compiler in `$CC`, or else cc, clang or gcc. What it said is kept in `folder`, if one is given, for as long as neither
 * the compiler's file nor the processor changes. Throws DeviceError where there is none.
 */
export function findToolchain(folder?: string): Toolchain {
  found ??= folder === undefined ? probe() : recall(folder);
  return found;
}

function wantedCommands(): string[][] {
  const wanted = process.env["CC"]?.trim();
  return wanted ? [wanted.split(/\s+/)] : [["cc"], ["clang"], ["gcc"]];
}

/** Asking the compiler starts a process, so the answer of an earlier process is taken where it must be the same. */
function recall(folder: string): Toolchain {
  const name = `toolchain-${hashOf([wantedCommands(), machineFlags, semantics, programFiles(), processor()])}`;
  const kept = readSummed(folder, name);
  if (kept !== undefined) {
    const { command, flags, macros, identity } = JSON.parse(kept) as Omit<Toolchain, "macros"> & { readonly macros: [string, string][] };
    return { command, flags, macros: new Map(macros), identity };
  }
  const toolchain = probe();
  writeSummed(folder, name, JSON.stringify({ ...toolchain, macros: [...toolchain.macros] }));
  return toolchain;
}

function hashOf(content: unknown): string {
  return sha256(JSON.stringify(content)).slice(0, 40);
}

/** Which files the words of the commands name, and whether they have changed. */
function programFiles(): unknown[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const words = new Set(wantedCommands().flat());
  return [...words].map((word) => {
    for (const folder of word.includes("/") ? [""] : folders) {
      const path = join(folder, word);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isFile()) return [realpathSync(path), stat.mtimeMs, stat.size, stat.ino];
    }
    return word;
  });
}

/** What tells this processor from others: `-march=native` means another one on each. */
function processor(): unknown {
  try {
    const [first = ""] = readFileSync("/proc/cpuinfo", "utf8").split("\n\n");
    return first.split("\n").filter((line) => !/^(processor|cpu MHz|bogomips|BogoMIPS|core id|apicid|initial apicid)\b/.test(line));
  } catch {
    return [process.arch, release(), cpus()[0]?.model];
  }
}

function probe(): Toolchain {
  const commands = wantedCommands();
  const problems: string[] = [];
  for (const command of commands) {
    const [program = "", ...first] = command;
    for (const machine of machineFlags) {
      const flags = [...machine, ...semantics];
      const run = spawnSync(program, [...first, ...flags, "-dM", "-E", "-x", "c", "/dev/null"], { encoding: "utf8" });
      if (run.error) {
        problems.push(`${program}: ${run.error.message}`);
        break;
      }
      if (run.status !== 0) {
        problems.push(`${program}: ${run.stderr.trim().split("\n")[0] ?? `exit status ${run.status}`}`);
        continue;
      }
      const macros = new Map([...run.stdout.matchAll(/^#define (\w+) ?(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
      const identity = sha256(JSON.stringify([command, flags, run.stdout]));
      return { command, flags, macros, identity };
    }
  }
  throw new DeviceError(`no C compiler found (${problems.join("; ")}): install gcc or clang, or name one in CC`);
}
