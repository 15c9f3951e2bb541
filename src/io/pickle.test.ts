import { expect, test } from "vitest";
import { FormatError } from "../core/errors.js";
import type { PickleValue } from "./pickle-value.js";
import { unpickle } from "./pickle.js";
import { TorchObjects } from "./torch-objects.js";

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const read = (text: string | Uint8Array, limit = 1e6): PickleValue => {
  const bytes = typeof text === "string" ? latin1(text) : text;
  return unpickle(bytes, 0, new TorchObjects(bytes.length, limit)).value;
};

test.each([
  ["numbers", "\x80\x02(K\x07M\x01\x02J\xff\xff\xff\xff\x8a\x02\x00\x80G?\xf0\x00\x00\x00\x00\x00\x00t.", [7, 513, -1, -32768, 1]],
  ["an integer beyond 2^53", "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", 2n ** 64n],
  ["text and bytes", "(X\x02\x00\x00\x00\xcf\x80U\x01a\x8c\x01bC\x01ct.", ["π", "a", "b", Uint8Array.of(99)]],
  ["containers", "](K\x01K\x02e.", [1, 2]],
  ["dictionaries", "}(X\x01\x00\x00\x00aNX\x01\x00\x00\x00b\x88u.", new Map<PickleValue, PickleValue>([["a", null], ["b", true]])], // prettier-ignore
  ["shared parts", "]q\x00K\x01a(h\x00h\x00t.", [[1], [1]]],
  ["an OrderedDict of pairs, with attributes", "ccollections\nOrderedDict\n]X\x01\x00\x00\x00aK\x05\x86a\x85R}b.", new Map([["a", 5]])],
])("reads %s", (_, text, value) => {
  expect(read(text)).toEqual(value);
});

test.each([
  ["os.system", "cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", /os\.system/],
  ["a global by the stack", "\x8c\x08builtins\x8c\x04eval\x93.", /builtins\.eval/],
  ["a name from Object.prototype", "c__proto__\nconstructor\n.", /__proto__\.constructor/],
  ["a class that is not called", "ctorch\nFloatStorage\n)R.", /calls torch\.FloatStorage/],
  ["a call of a value", "K\x01)R.", /a number/],
  ["attributes of a list", "]}b.", /attributes/],
  ["INST", "(ios\nsystem\n.", /INST/],
  ["another persistent object", "X\x01\x00\x00\x00aQ.", /persistent id/],
  ["a list in itself", "]q\x00h\x00a.", /holds itself/],
  ["a dictionary in itself", "}q\x00K\x01h\x00s.", /holds itself/],
  ["a cycle of two", "]q\x00]q\x01h\x00aa.", /holds itself/],
  ["deep nesting", `${"]".repeat(300)}${"a".repeat(299)}.`, /deeper than 200/],
  ["very deep nesting", `${"]".repeat(500_000)}${"a".repeat(499_999)}.`, /deeper than 200/],
  ["many marks", "(".repeat(500_000), /truncated/],
  ["a list as a key", "}]K\x01s.", /key/],
  ["a key without a value", "}(K\x01u.", /no value/],
  ["nothing", "", /announced/],
  ["no end", "K\x01", /announced/],
  ["an empty stack", ".", /empty stack/],
  ["no mark", "]e.", /mark/],
  ["an unknown memo", "h\x07.", /memo 7/],
  ["text past the end", "X\xff\xff\xff\xffabc.", /4294967295 bytes are announced/],
  ["text of 2^64 bytes", "\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.", /are announced/],
  ["an integer of 4 GiB", "\x8b\xff\xff\xff\xff.", /an integer of/],
  ["protocol 6", "\x80\x06.", /protocol above 5/],
])("%s is refused", (_, text, message) => {
  expect(() => read(text)).toThrow(FormatError);
  expect(() => read(text)).toThrow(message);
});

test("containers that are shared again and again take no more time than there are", () => {
  // Each list holds the one before ten times: 10^150 paths lead to the first.
  const level = (i: number): string => `](${`j${String.fromCharCode(i - 1, 0, 0, 0)}`.repeat(10)}er${String.fromCharCode(i, 0, 0, 0)}`;
  const text = `]r\x00\x00\x00\x00${Array.from({ length: 150 }, (_, i) => level(i + 1)).join("")}.`;
  expect(read(text)).toHaveLength(10);
});

test("one list of pairs cannot be made into dictionaries without end", () => {
  const pairs = `](${"K\x01K\x02\x86".repeat(1000)}e\x85q\x00`;
  expect(() => read(`${pairs}(${"ccollections\nOrderedDict\nh\x00R".repeat(1000)}t.`)).toThrow(/many dictionaries/);
});

const storage = (count: string): string => `(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu${count}tQ`;
const tensor = (offset: string, shape: string, strides: string): string => `ctorch._utils\n_rebuild_tensor_v2\n(${storage("K\x04")}${offset}${shape}${strides}\x89}tR`;
const two60 = "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x10";

test.each([
  ["a shape of 2^60", tensor("K\x00", `${two60}\x85`, "K\x00\x85"), /whole numbers/],
  ["sizes whose product is beyond 2^53", tensor("K\x00", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", "K\x00K\x00\x86"), /below 2\^53/],
  ["a long repetition of one element", tensor("K\x00", "J\xff\xff\xff\x7f\x85", "K\x00\x85"), /more than 1000000 bytes/],
  ["an offset past the end", tensor("K\x04", "K\x01\x85", "K\x01\x85"), /passes the end/],
  ["strides past the end", tensor("K\x00", "K\x02\x85", "K\x04\x85"), /passes the end/],
  ["negative strides", tensor("K\x03", "K\x02\x85", "J\xff\xff\xff\xff\x85"), /whole numbers/],
  ["a negative offset", tensor("J\xff\xff\xff\xff", "K\x01\x85", "K\x01\x85"), /whole numbers/],
  ["fewer strides than sizes", tensor("K\x00", "K\x02\x85", ")"), /whole numbers/],
  ["text as sizes", tensor("K\x00", "X\x01\x00\x00\x00a", ")"), /whole numbers/],
  ["a storage that changes its size", `(${storage("K\x04")}${storage("K\x05")}t.`, /described twice/],
  ["a tensor of no storage", "ctorch._utils\n_rebuild_tensor_v2\n(NK\x00))\x89}tR.", /without a storage/],
  ["many tensors of one storage", `(${tensor("K\x00", "K\x04\x85", "K\x01\x85").repeat(70_000)}t.`, /more than 1000000 bytes/],
])("%s is refused", (_, text, message) => {
  expect(() => read(`${text}.`)).toThrow(FormatError);
  expect(() => read(`${text}.`)).toThrow(message);
});
