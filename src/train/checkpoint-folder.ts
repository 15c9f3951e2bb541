import { ArgumentError, FormatError } from "../core/errors.js";
import { files, readWhole } from "../files/files.js";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "./checkpoint.js";
import type { CheckpointStore } from "./model-checkpoint.js";

export interface CheckpointFolderOptions {
  /** How many of the last checkpoints are kept beside the best; 2 if not given, so that a damaged one does not end the run. */
  readonly keep?: number | undefined;
  /** Told of each damaged file that is passed over; a warning on the console if not given. */
  readonly onDamaged?: ((path: string, error: Error) => void) | undefined;
}

const bestFile = "best.safetensors";

/** Checkpoints as files `step-00000120.safetensors` and `best.safetensors` of a folder, each whole or not there. */
export class CheckpointFolder implements CheckpointStore {
  readonly path: string;
  readonly #keep: number;
  readonly #onDamaged: (path: string, error: Error) => void;

  /** The folder is made with the first checkpoint. Throws ArgumentError for `keep` below 1. */
  constructor(path: string, { keep = 2, onDamaged }: CheckpointFolderOptions = {}) {
    if (!(keep >= 1)) throw new ArgumentError(`[CheckpointFolder] keep ${keep} must be at least 1`);
    this.path = path;
    this.#keep = keep;
    this.#onDamaged = onDamaged ?? ((file, { message }) => console.warn(`${file} is passed over: ${message}`));
  }

  /** Writes a checkpoint and removes those that are older than the last ones. Throws DataError where it cannot be written. */
  async save(checkpoint: Checkpoint, best = false): Promise<string> {
    const bytes = await encodeCheckpoint(checkpoint);
    const folder = await files();
    if (best) await folder.write(`${this.path}/${bestFile}`, bytes);
    const place = `${this.path}/${fileOf(checkpoint.step)}`;
    await folder.write(place, bytes);
    await this.#removeOld(checkpoint.step);
    return place;
  }

  /** The last checkpoint that is whole; undefined if there is none. Damaged ones are named and passed over. */
  async latest(): Promise<Checkpoint | undefined> {
    const steps = (await this.#entries()).map(stepOf).filter((step) => step !== undefined);
    for (const step of steps.sort((a, b) => b - a)) {
      const found = await this.#read(fileOf(step));
      if (found) return found;
    }
    return undefined;
  }

  /** The checkpoint of the best epoch; undefined if there is none that is whole. */
  async best(): Promise<Checkpoint | undefined> {
    return (await this.#entries()).includes(bestFile) ? this.#read(bestFile) : undefined;
  }

  async #read(name: string): Promise<Checkpoint | undefined> {
    const path = `${this.path}/${name}`;
    try {
      return await decodeCheckpoint(await readWhole(path));
    } catch (error) {
      this.#onDamaged(path, error instanceof Error ? error : new FormatError(String(error)));
      return undefined;
    }
  }

  /** Removes what is older than the last checkpoints up to this one. */
  async #removeOld(step: number): Promise<void> {
    const entries = await this.#entries();
    const past = entries.filter((name) => (stepOf(name) ?? Infinity) <= step).sort();
    const { remove } = await files();
    await Promise.all(past.slice(0, -this.#keep).map((name) => remove(`${this.path}/${name}`)));
  }

  async #entries(): Promise<readonly string[]> {
    const entries = await (await files()).list(this.path).catch(() => undefined);
    return entries ?? [];
  }
}

function fileOf(step: number): string {
  return `step-${String(step).padStart(8, "0")}.safetensors`;
}

function stepOf(name: string): number | undefined {
  const digits = /^step-(\d+)\.safetensors$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
