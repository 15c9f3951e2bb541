/** What the process's exit code says. */
export const exitCodes = {
  done: 0,
  /** The command was understood and could not be carried out. */
  failed: 1,
  /** The command line was not understood. */
  usage: 2,
  /** Ctrl-C, as shells have it: 128 + SIGINT. */
  interrupted: 130,
} as const;
