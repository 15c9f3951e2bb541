import { device, type ImageSet } from "gradus";
import { DigitsEngine } from "./engine.js";
import { generatedDigits, type LabData, type PickedFile } from "./lab-data.js";
import type { LabEvent, LabRequest } from "./protocol.js";

type EventOf<K extends LabEvent["kind"]> = Extract<LabEvent, { kind: K }>;

/** Digits that were drawn, by their numbers. */
const drawn = new Map<string, Promise<LabData>>();

function digits(train: number, test: number): Promise<LabData> {
  const name = `${train} ${test}`;
  const made = drawn.get(name) ?? generatedDigits({ train, test });
  drawn.set(name, made);
  return made;
}

/** An engine without a page for tests, with what it told. WebAssembly computes, whatever the setting says: not every machine has a GPU. */
export class PagelessLab {
  readonly events: LabEvent[] = [];
  readonly #engine: DigitsEngine;
  readonly #waiting = new Set<(event: LabEvent) => void>();

  /** `train` and `test` are the numbers of images. */
  constructor(folder: string, { train = 320, test = 100 }: { readonly train?: number; readonly test?: number } = {}) {
    const emit = (event: LabEvent): void => {
      this.events.push(event);
      for (const waiting of this.#waiting) waiting(event);
    };
    this.#engine = new DigitsEngine({ emit, openDevice: async () => device("wasm", { threads: 0 }), builtInData: () => digits(train, test), folder, version: "0.0.0" });
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  ask(request: LabRequest): Promise<void> {
    return this.#engine.handle(request);
  }

  /** The next event of a kind. */
  next<K extends LabEvent["kind"]>(kind: K, test: (event: EventOf<K>) => boolean = () => true): Promise<EventOf<K>> {
    return new Promise((resolve) => {
      const waiting = (event: LabEvent): void => {
        if (event.kind !== kind || !test(event as EventOf<K>)) return;
        this.#waiting.delete(waiting);
        resolve(event as EventOf<K>);
      };
      this.#waiting.add(waiting);
    });
  }

  /** What the engine tells when it is asked. */
  async answerTo<K extends LabEvent["kind"]>(request: LabRequest, kind: K, test?: (event: EventOf<K>) => boolean): Promise<EventOf<K>> {
    const answer = this.next(kind, test);
    await this.ask(request);
    return answer;
  }

  /** The last event of a kind. */
  last<K extends LabEvent["kind"]>(kind: K): EventOf<K> | undefined {
    return this.events.findLast((event): event is EventOf<K> => event.kind === kind);
  }

  get errors(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === "error" ? [event.message] : []));
  }
}

/** A few digits as the four files of MNIST. */
export async function smallIdxFiles(train = 320, test = 100): Promise<PickedFile[]> {
  const sets = await digits(train, test);
  const both = (name: string, { images, labels, count, height, width }: ImageSet): PickedFile[] => [
    { name: `${name}-images-idx3-ubyte`, bytes: idx([count, height, width], images) },
    { name: `${name}-labels-idx1-ubyte`, bytes: idx([count], labels) },
  ];
  return [...both("train", sets.train), ...both("t10k", sets.test)];
}

/** Bytes in the IDX format. */
export function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((length, axis) => view.setUint32(4 + 4 * axis, length));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}
