import { CompileError, OutOfMemoryError } from "../../core/errors.js";

/**
 * What went wrong on a device, which is known only some time after the call that caused it. The next read or `idle` tells,
 * once; what ends the device is told from then on.
 */
export class Failures {
  readonly #checks = new Set<Promise<void>>();
  #noted: Error | undefined;
  #fatal: Error | undefined;

  /** Why the device can no longer be used, if it cannot. */
  get fatal(): Error | undefined {
    return this.#fatal;
  }

  /** Keeps an error for the next who waits. The first counts, but a cause comes before what follows from it. */
  note(error: Error): void {
    if (!this.#noted || (!isCause(this.#noted) && isCause(error))) this.#noted = error;
  }

  /** Notes that the device cannot be used from now on. */
  end(error: Error): void {
    this.#fatal ??= error;
  }

  /** Runs a piece of WebGPU whose errors of one kind are made into another error. */
  scope<T>(device: GPUDevice, filter: GPUErrorFilter, run: () => T, describe: (error: GPUError) => Error | Promise<Error>): T {
    device.pushErrorScope(filter);
    try {
      return run();
    } finally {
      const check: Promise<void> = device
        .popErrorScope()
        .then(async (error) => {
          if (error) this.note(await describe(error));
        })
        // A lost device answers no questions; its loss is told by itself.
        .catch(() => undefined)
        .finally(() => this.#checks.delete(check));
      this.#checks.add(check);
    }
  }

  /** Waits until all errors of calls before this one are known, and throws the first of them. */
  async check(): Promise<void> {
    await Promise.all(this.#checks);
    if (this.#fatal) throw this.#fatal;
    const noted = this.#noted;
    this.#noted = undefined;
    if (noted) throw noted;
  }
}

function isCause(error: Error): boolean {
  return error instanceof CompileError || error instanceof OutOfMemoryError;
}
