import * as wasm from "../src/backends/wasm/opcodes.js";
import type { Instruction, ValueType, WasmFunction } from "../src/backends/wasm/wasm-module.js";

/** Instructions whose names are spelled in another way than those of their constants. */
const others: readonly (readonly [number, string])[] = [
  [wasm.elseOp, "else"],
  [wasm.returnOp, "return"],
  [wasm.ifOp, "if"],
  [wasm.brIf, "br_if"],
  [wasm.callIndirect, "call_indirect"],
];

/** f64x2ConvertLowI32x4S is f64x2.convert_low_i32x4_s. */
function spelled(constant: string): string {
  const [type = "", ...words] = constant.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
  if (type === "memory" && words[0] === "atomic") return [type, ...words].join(".");
  if (words[0] === "atomic") return `${type}.atomic.${words.slice(1).join(".")}`;
  return words.length === 0 ? type : `${type}.${words.join("_")}`;
}

const names = new Map([...Object.entries(wasm).map(([constant, op]) => [op, spelled(constant)] as const), ...others]);

function nameOf(op: number): string {
  const name = names.get(op);
  if (name === undefined) throw new TypeError(`no instruction has the number ${op}`);
  return name;
}

function instructionText(i: Instruction): string {
  const name = nameOf(i.op);
  switch (i.kind) {
    case "plain":
      return name;
    case "memory":
      return [name, ...(i.offset === 0 ? [] : [`offset=${i.offset}`]), ...(i.lane === undefined ? [] : [i.lane])].join(
        " ",
      );
    case "indexed":
      return [name, ...i.args].join(" ");
    case "typed":
      if (i.op === wasm.selectTyped) return `select (result ${i.type})`;
      return i.type === "void" ? name : `${name} (result ${i.type})`;
    case "constant":
      if (i.op === wasm.v128Const) return `v128.const i8x16 ${i.value.join(" ")}`;
      return `${name} ${i.value.map((v) => (Object.is(v, -0) ? "-0" : v)).join(" ")}`;
  }
}

/** The function in WebAssembly's text format, one instruction a line. */
export function functionText(fn: WasmFunction): string {
  const list = (word: string, types: readonly ValueType[]): string =>
    types.length === 0 ? "" : ` (${word} ${types.join(" ")})`;
  const lines = [`(func $${fn.name}${list("param", fn.type.params)}${list("result", fn.type.results)}`];
  if (fn.locals.length > 0) lines.push(` ${list("local", fn.locals)}`);
  let depth = 1;
  for (const i of fn.body) {
    if (i.kind === "plain" && (i.op === wasm.end || i.op === wasm.elseOp)) depth--;
    lines.push("  ".repeat(depth) + instructionText(i));
    if ((i.kind === "typed" && i.op !== wasm.selectTyped) || (i.kind === "plain" && i.op === wasm.elseOp)) depth++;
  }
  lines.push(")");
  return lines.join("\n");
}
