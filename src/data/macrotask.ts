/**
 * Resolves in a later macrotask, so that timers, input and painting run first; `await` alone starves them.
 * A message channel stands in where `setImmediate` is missing, because browsers stretch repeated timeouts to 4 ms.
 */
export function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });
}
