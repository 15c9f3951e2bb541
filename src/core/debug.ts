/**
 * How much the compiler tells on standard error, from the environment variable GRADUS_DEBUG (or `globalThis.GRADUS_DEBUG`
 * in a browser): 1 a line for each program and kernel, 2 also the graph, 3 also the loops of every kernel.
 */
export function debugLevel(): number {
  const scope: { readonly process?: { readonly env?: Record<string, string | undefined> }; readonly GRADUS_DEBUG?: unknown } = globalThis;
  return Number(scope.process?.env?.GRADUS_DEBUG ?? scope.GRADUS_DEBUG ?? 0) || 0;
}
