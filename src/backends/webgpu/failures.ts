import { CompileError, DeviceError, OutOfMemoryError } from "../../core/errors.js";

/** Something of which a device says only later whether it could be made. */
export interface Made {
  /** Whether the device has said so. */
  isKnown: boolean;
  /** Why it could not. */
  failure: Error | undefined;
}

/** Whether something may turn out to have failed, or has. */
export function isDoubtful({ isKnown, failure }: Made): boolean {
  return !isKnown || failure !== undefined;
}

/** The failure of the first of several that has one. */
export function failureAmong(several: Iterable<Made>): Error | undefined {
  for (const { failure } of several) if (failure) return failure;
  return undefined;
}

/**
 * What went wrong on a device, which is known only some time after the call that caused it. What was made in vain, and all that
 * was computed with it, says so whenever it is used. The next `idle` tells as well, once; errors of which it is not known what
 * they spoil are told by the next read. What ends the device is told from then on.
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

  /** Makes something by WebGPU; an error of that kind is described and becomes its failure. */
  scope<T extends Made>(device: GPUDevice, filter: GPUErrorFilter, make: () => T, describe: (error: GPUError, made: T) => Error | Promise<Error>): T {
    device.pushErrorScope(filter);
    let popped: Promise<GPUError | null>;
    let made: T;
    try {
      made = make();
    } finally {
      popped = device.popErrorScope();
      // A lost device answers no questions; its loss is told by itself.
      popped.catch(() => undefined);
    }
    const check: Promise<void> = popped
      .then(async (error) => {
        if (error) this.note((made.failure = await describe(error, made)));
        made.isKnown = true;
      })
      .catch(() => undefined)
      .finally(() => this.#checks.delete(check));
    this.#checks.add(check);
    return made;
  }

  /** Uses what is not known to be made; an error is the failure of that, if one of them has failed. */
  follow(device: GPUDevice, doubts: ReadonlySet<Made>, use: () => void): Made {
    const before = [...this.#checks];
    const make = (): Made => {
      use();
      return { isKnown: false, failure: undefined };
    };
    return this.scope(device, "validation", make, async (error) => {
      await Promise.all(before);
      return failureAmong(doubts) ?? new DeviceError(`[webgpu] ${error.message}`);
    });
  }

  /** Waits until all errors of calls before this one are known, and throws the first of them. */
  async check(): Promise<void> {
    await this.#settle();
    this.#tell(this.#noted);
  }

  /** The same for a read of what depends on the given: of errors whose consequences are known, only theirs. */
  async checkRead(sources: Iterable<Made>): Promise<void> {
    await this.#settle();
    this.#tell(failureAmong(sources) ?? (this.#noted && !isCause(this.#noted) ? this.#noted : undefined));
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#checks);
    if (this.#fatal) throw this.#fatal;
  }

  #tell(error: Error | undefined): void {
    if (!error) return;
    if (this.#noted === error) this.#noted = undefined;
    throw error;
  }
}

/** Whether it is known what an error spoils. */
function isCause(error: Error): boolean {
  return error instanceof CompileError || error instanceof OutOfMemoryError;
}
