import { expect, test } from "vitest";
import { crc32c, EventEncoder } from "./event-file.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("CRC-32C gives the values of RFC 3720, appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

test("a file begins as TensorFlow's do", () => {
  const file = new EventEncoder(1).begin();
  // Length 24 and its masked sum, as at the beginning of every event file; wall_time 1.0; "brain.Event:2".
  expect(hex(file.subarray(0, 36))).toBe("1800000000000000a37f4b22" + "09000000000000f03f" + "1a0d" + hex(new TextEncoder().encode("brain.Event:2")));
  expect(file.length).toBe(40);
});

test("losses, validations and the test's scores are scalars by step", () => {
  const encoder = new EventEncoder(0);
  const pieces = [encoder.begin(), encoder.lines([{ step: 300, epoch: 1, loss: 0.5, lr: 0.25, seconds: 2 }]), encoder.lines([{ step: 300, epoch: 1, validation: { loss: 2 } }]), encoder.test({ accuracy: 0.75 })];
  const file = Uint8Array.from(Buffer.concat(pieces));
  const read = (at: number): { content: string; next: number } => {
    const length = new DataView(file.buffer).getUint32(at, true);
    return { content: hex(file.subarray(at + 12, at + 12 + length)), next: at + 16 + length };
  };
  const text = (word: string): string => hex(new TextEncoder().encode(word));
  const time = "090000000000000040";
  const step = "10ac02";
  const trained = read(read(0).next);
  expect(trained.content).toBe(`${time}${step}2a24` + `0a110a0a${text("train/loss")}150000003f` + `0a0f0a08${text("train/lr")}150000803e`);
  const validated = read(trained.next);
  expect(validated.content).toBe(`${time}${step}2a18` + `0a160a0f${text("validation/loss")}1500000040`);
  const tested = read(validated.next);
  expect(tested.content).toBe(`${time}${step}2a16` + `0a140a0d${text("test/accuracy")}150000403f`);
  expect(tested.next).toBe(file.length);
});
