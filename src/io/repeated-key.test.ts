import fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedKey } from "./repeated-key.js";

test.each([
  ['{"a":1,"a":2}', "a"],
  ['{"a":{"b":1},"c":[{"d":1 , "d" :2}]}', "d"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"\\"":1,"\\"":2}', '"'],
  ['{"__proto__":1,"__proto__":2}', "__proto__"],
  ['{"a":{"a":"a"},"b":["a","a",{"a":1},{"a":2}]}', undefined],
  ['{"a":"{\\"x\\":1,\\"x\\":2}","b":"\\\\"}', undefined],
  ["[[],{},1,null]", undefined],
])("%s", (json, key) => {
  JSON.parse(json);
  expect(repeatedKey(json)).toBe(key);
});

test("what JSON.stringify writes has no repeated key; with one field written again it has", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.boolean(), (value, key, spaced) => {
      const json = JSON.stringify(value, null, spaced ? "\t" : undefined);
      expect(repeatedKey(json)).toBeUndefined();
      expect(repeatedKey(`[{${JSON.stringify(key)}:${json},"":[],${JSON.stringify(key)}\n:0}]`)).toBe(key);
    }),
  );
});
