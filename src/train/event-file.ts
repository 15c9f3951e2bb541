import type { MetricsLine } from "./metrics-log.js";

/**
 * A run's metrics as a TensorBoard event file: `train/loss`, `train/lr` and what else a line says, `validation/NAME` and `test/NAME` by step. `startedAt` is in
 * seconds since 1970. Records as in TensorFlow, "TFRecord" (length, data, and a masked CRC-32C of each); their content as in
 * tensorflow/core/util/event.proto and framework/summary.proto.
 */
export function encodeEvents(lines: readonly MetricsLine[], test: Readonly<Record<string, number>> | undefined, startedAt: number): Uint8Array {
  // Field 3, file_version.
  const records = [record([...doubleField(1, startedAt), ...bytesField(3, textBytes("brain.Event:2"))])];
  let [now, last] = [startedAt, 0];
  for (const line of lines) {
    last = line.step;
    if ("loss" in line) {
      const { step, epoch: _, seconds, time = startedAt + seconds, ...values } = line;
      now = time;
      records.push(scalars(prefixed("train", values), step, now));
    } else records.push(scalars(prefixed("validation", line.validation), line.step, now));
  }
  if (test) records.push(scalars(prefixed("test", test), last, now));
  const file = new Uint8Array(records.reduce((sum, bytes) => sum + bytes.length, 0));
  let at = 0;
  for (const bytes of records) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
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
