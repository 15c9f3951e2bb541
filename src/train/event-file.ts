import type { MetricsLine } from "./metrics-log.js";

/**
 * A run's metrics as a TensorBoard event file, piece by piece: `train/loss`, `train/lr` and what else a line says, `validation/NAME` and `test/NAME` by step.
 * Records as in TensorFlow, "TFRecord" (length, data, and a masked CRC-32C of each); their content as in
 * tensorflow/core/util/event.proto and framework/summary.proto.
 */
export class EventEncoder {
  readonly #startedAt: number;
  #now: number;
  #step = 0;

  /** `startedAt` is in seconds since 1970. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
    this.#now = startedAt;
  }

  /** How the file begins. */
  begin(): Uint8Array {
    // Field 3, file_version.
    return record([...doubleField(1, this.#startedAt), ...bytesField(3, textBytes("brain.Event:2"))]);
  }

  /** The next lines of the run. */
  lines(lines: readonly MetricsLine[]): Uint8Array {
    return joined(lines.map((line) => this.#line(line)));
  }

  /** The scores of the test, after all lines. */
  test(scores: Readonly<Record<string, number>>): Uint8Array {
    return scalars(prefixed("test", scores), this.#step, this.#now);
  }

  #line(line: MetricsLine): Uint8Array {
    this.#step = line.step;
    // A validation comes right after what was learned.
    if (!("loss" in line)) return scalars(prefixed("validation", line.validation), line.step, this.#now);
    const { step, epoch: _, seconds, time = this.#startedAt + seconds, ...values } = line;
    this.#now = time;
    return scalars(prefixed("train", values), step, time);
  }
}

function joined(records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of records) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

function prefixed(group: string, values: object): Record<string, number> {
  const numbers = Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return Object.fromEntries(numbers.map(([name, value]) => [`${group}/${name}`, value]));
}

/** An event of wall_time (1), step (2) and a summary (5) of values (1), each of a tag (1) and a simple_value (2). */
function scalars(values: Readonly<Record<string, number>>, step: number, wallTime: number): Uint8Array {
  const summary = Object.entries(values).flatMap(([tag, value]) => bytesField(1, [...bytesField(1, textBytes(tag)), ...floatField(2, value)]));
  return record([...doubleField(1, wallTime), ...key(2, 0), ...varint(step), ...bytesField(5, summary)]);
}

function record(data: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(bytes.subarray(12, 12 + data.length)), true);
  return bytes;
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32C (Castagnoli), RFC 3720 appendix B.4; bit by bit, as the files are small. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

function key(field: number, wireType: number): number[] {
  return varint(field * 8 + wireType);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

function doubleField(field: number, value: number): number[] {
  return [...key(field, 1), ...new Uint8Array(new Float64Array([value]).buffer)];
}

function floatField(field: number, value: number): number[] {
  return [...key(field, 5), ...new Uint8Array(new Float32Array([value]).buffer)];
}

function bytesField(field: number, bytes: ArrayLike<number>): number[] {
  return [...key(field, 2), ...varint(bytes.length), ...Array.from(bytes)];
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
