import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

type Koffi = typeof import("koffi");
type RunShell = (script: string) => void;

const shell = "/bin/sh";
let run: RunShell | undefined;

/**
 * Runs a script of the shell to its end, with what the process has as environment and without input or output. Node's own spawnSync
 * copies the tables of all memory that the process has for each child: 30 ms where that is 500 MB.
 */
export function runShell(script: string): void {
  run ??= spawning() ?? ((script) => void spawnSync(shell, ["-c", script], { stdio: "ignore" }));
  run(script);
}

/** By the system's posix_spawn; undefined where it cannot be had. */
function spawning(): RunShell | undefined {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as Koffi;
    const system = koffi.load(null);
    const spawn = system.func("int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **arguments, const char **environment)");
    const wait = system.func("int waitpid(int pid, void *status, int options)");
    return (script) => {
      const pid = [0];
      const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
      // Whoever looks for what the script makes sees that it was not run.
      if (Number(spawn(pid, shell, null, null, [shell, "-c", `exec < /dev/null > /dev/null 2>&1\n${script}`, null], [...environment, null])) !== 0) return;
      // A signal's handler may end the call before the child ends.
      while (Number(wait(pid[0], null, 0)) < 0 && koffi.errno() === koffi.os.errno.EINTR);
    };
  } catch {
    return undefined;
  }
}
