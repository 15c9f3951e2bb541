import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { DeviceError } from "../../core/errors.js";

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

/** The compiler in `$CC`, or else cc, clang or gcc. Throws DeviceError where there is none. */
export function findToolchain(): Toolchain {
  found ??= probe();
  return found;
}

function probe(): Toolchain {
  const wanted = process.env["CC"]?.trim();
  const commands = wanted ? [wanted.split(/\s+/)] : [["cc"], ["clang"], ["gcc"]];
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
      const identity = createHash("sha256").update(JSON.stringify([command, flags, run.stdout])).digest("hex");
      return { command, flags, macros, identity };
    }
  }
  throw new DeviceError(`no C compiler found (${problems.join("; ")}): install gcc or clang, or name one in CC`);
}
