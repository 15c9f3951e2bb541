/**
 * How much the compiler tells on standard error, from the environment variable GRADUS_DEBUG (or `globalThis.GRADUS_DEBUG`
 * in a browser that imports "gradus/debug"): 1 a line for each program and kernel, 2 also the graph, 3 also the loops of every kernel.
 */
export function debugLevel(): number {
  return setting("GRADUS_DEBUG");
}

/** Whether every pass of the compiler is followed by the verifier: GRADUS_VERIFY=1, as in the tests. */
export function isVerifying(): boolean {
  return setting("GRADUS_VERIFY") > 0;
}

/** Whether everything that runs is measured, and the profile printed when the process ends: GRADUS_PROFILE=1. */
export function isProfiling(): boolean {
  return setting("GRADUS_PROFILE") > 0;
}

function setting(name: "GRADUS_DEBUG" | "GRADUS_VERIFY" | "GRADUS_PROFILE"): number {
  const scope: { readonly process?: { readonly env?: Record<string, string | undefined> }; readonly [key: string]: unknown } = globalThis;
  return Number(scope.process?.env?.[name] ?? scope[name] ?? 0) || 0;
}
