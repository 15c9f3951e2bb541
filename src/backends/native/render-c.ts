import { elementTypes, storedTypes } from "./c-types.js";
import { dtypeInfo } from "../../core/dtype.js";
import { CompileError, GradusError } from "../../core/errors.js";
import { constantOf } from "../../ir/scalar-builder.js";
import { isPassed, type ComputeType, type Expr, type Kernel, type KernelBuffer, type Stmt, type Variable } from "../../ir/loop.js";
import { isComparison } from "../../ir/scalar.js";
import { compareSelectFunction, secondExtremeFunction, type Comparison } from "./c-arithmetic.js";
import { convert, loadFrom, reinterpret, storeTo } from "./c-conversions.js";
import { elementBytes, Prelude } from "./c-prelude.js";
import { foldFunction, scalarSpellings } from "./c-scalar-ops.js";

/** A kernel as C: a function named `kernelName`, and the definitions it needs, in order. */
export interface KernelSource {
  readonly text: string;
  readonly definitions: ReadonlyMap<string, string>;
}

/** Stands for the function's name in `KernelSource.text`; the compiler driver puts a name made from the content in its place. */
export const kernelName = "KERNEL";

/** Bytes of scratch that one thread needs to run the kernel; its buffers lie one after another at multiples of 64. */
export function scratchBytes(kernel: Kernel): number {
  return kernel.buffers.reduce((sum, b) => sum + scratchSpan(b), 0);
}

/** Where the kernel's scratch buffers after the first begin, in bytes: arguments of a launch that follow the kernel's own. */
export function scratchPlaces(kernel: Kernel): number[] {
  const spans = kernel.buffers.filter((b) => b.access === "scratch").map(scratchSpan);
  let place = 0;
  return spans.slice(0, -1).map((span) => (place += span));
}

function scratchSpan(buffer: KernelBuffer): number {
  return buffer.access === "scratch" ? Math.ceil((buffer.scratchSize * dtypeInfo[buffer.dtype].bytes) / 64) * 64 : 0;
}

/**
 * The C text of a kernel: `void KERNEL(void *const *buffers, const int64_t *ints, int64_t begin, int64_t end, char *scratch)`,
 * where `buffers` holds those that are not scratch, and `ints` the kernel's arguments, then `scratchPlaces`. Equal kernels give
 * equal text, and those that differ only in the sizes of their scratch buffers too.
 */
export function renderKernel(kernel: Kernel): KernelSource {
  return new Renderer(kernel).render();
}

class Renderer {
  readonly #prelude = new Prelude();
  readonly #names = new Map<number, string>();
  readonly #kernel: Kernel;
  readonly #lines: string[] = [];
  /** Arguments that are divided by. */
  readonly #divisors = new Set<number>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  render(): KernelSource {
    const { buffers, intCount, item, body } = this.#kernel;
    if (this.#kernel.group) throw this.#hasGroup();
    this.#lines.push(`void ${kernelName}(void *const *buffers, const int64_t *ints, int64_t begin, int64_t end, char *scratch) {`);
    let passed = 0;
    let scratch = 0;
    buffers.forEach((buffer, i) => {
      const { c } = elementTypes[storedTypes[buffer.dtype]];
      if (!isPassed(buffer)) {
        // Only scratch is restrict: an output may be the memory of an input.
        this.#lines.push(`  ${c} *restrict b${i} = (${c} *)(scratch${scratch === 0 ? "" : ` + ints[${intCount + scratch - 1}]`});`);
        scratch++;
      } else {
        this.#lines.push(`  ${buffer.access === "read" ? "const " : ""}${c} *b${i} = buffers[${passed++}];`);
      }
    });
    for (let slot = 0; slot < intCount; slot++) this.#lines.push(`  const int64_t n${slot} = ints[${slot}];`);
    const head = this.#lines.length;
    const name = this.#name(item);
    this.#lines.push(`  for (int64_t ${name} = begin; ${name} < end; ${name}++) {`);
    this.#block(body, "    ");
    this.#lines.push("  }", "}", "");
    this.#lines.splice(head, 0, ...[...this.#divisors].sort((x, y) => x - y).map((slot) => `  const uint64_t r${slot} = UINT64_MAX / (uint64_t)n${slot} + 1;`));
    return { text: this.#lines.join("\n"), definitions: this.#prelude.definitions };
  }

  /** Names follow the order of first appearance, so that equal kernels print alike. */
  #name(variable: Variable): string {
    let name = this.#names.get(variable.id);
    if (name === undefined) {
      name = `${variable.name.replaceAll(/\W/g, "_").replace(/^(?=\d)/, "_")}_${this.#names.size}`;
      this.#names.set(variable.id, name);
    }
    return name;
  }

  #block(statements: readonly Stmt[], indent: string): void {
    for (const statement of statements) this.#statement(statement, indent);
  }

  #statement(s: Stmt, indent: string): void {
    switch (s.kind) {
      case "let":
      case "mutable": {
        const type = this.#prelude.type(s.variable.type, s.variable.lanes);
        this.#lines.push(`${indent}${s.kind === "let" ? "const " : ""}${type} ${this.#name(s.variable)} = ${this.#expr(s.value)};`);
        return;
      }
      case "assign":
        this.#lines.push(`${indent}${this.#name(s.variable)} = ${this.#expr(s.value)};`);
        return;
      case "accumulate": {
        const { type, lanes } = s.variable;
        const name = this.#name(s.variable);
        this.#lines.push(`${indent}${name} = ${scalarSpellings[s.op](this.#prelude, type, lanes, name, this.#expr(s.value), "")};`);
        return;
      }
      case "store": {
        const { dtype } = this.#buffer(s.buffer);
        const address = `b${s.buffer} + ${this.#expr(s.index)}`;
        this.#lines.push(`${indent}${storeTo(this.#prelude, dtype, s.value.lanes, address, this.#expr(s.value))}`);
        return;
      }
      case "if":
        this.#lines.push(`${indent}if (${this.#expr(s.condition)}) {`);
        this.#block(s.then, `${indent}  `);
        if (s.otherwise.length > 0) {
          this.#lines.push(`${indent}} else {`);
          this.#block(s.otherwise, `${indent}  `);
        }
        this.#lines.push(`${indent}}`);
        return;
      case "for": {
        const name = this.#name(s.variable);
        const type = this.#prelude.type(s.variable.type, 1);
        const begin = `${type} ${name} = ${this.#expr(s.begin)}, ${name}_end = ${this.#expr(s.end)}`;
        this.#lines.push(`${indent}for (${begin}; ${name} < ${name}_end; ${name} += ${s.step}) {`);
        this.#block(s.body, `${indent}  `);
        this.#lines.push(`${indent}}`);
        return;
      }
      case "barrier":
      case "combine":
        throw this.#hasGroup();
    }
  }

  #hasGroup(): CompileError {
    return new CompileError(`[native] kernel ${this.#kernel.name} is written for a group of invocations, and a thread runs an item alone: compile it for a target without groups`);
  }

  #buffer(index: number): KernelBuffer {
    const buffer = this.#kernel.buffers[index];
    if (!buffer) throw new GradusError(`kernel ${this.#kernel.name} uses buffer ${index} of ${this.#kernel.buffers.length}`);
    return buffer;
  }

  #expr(e: Expr): string {
    const p = this.#prelude;
    switch (e.kind) {
      case "const":
        return constantText(e.value, e.type);
      case "var":
        return this.#name(e.variable);
      case "int-arg":
        return `n${e.slot}`;
      case "load":
        return loadFrom(p, this.#buffer(e.buffer).dtype, e.lanes, `b${e.buffer} + ${this.#expr(e.index)}`);
      case "op":
        return this.#op(e);
      case "cast":
        return convert(p, e.arg.type, e.type, e.lanes, this.#expr(e.arg));
      case "bitcast":
        return reinterpret(p, e.arg.type, e.type, e.lanes, this.#expr(e.arg));
      case "guard":
        return `(${this.#expr(e.condition)} ? ${this.#expr(e.value)} : ${this.#expr(e.other)})`;
      case "splat":
        return `${p.splat(e.type, e.lanes)}(${this.#expr(e.arg)})`;
      case "pack": {
        const sign = e.type === "bool" ? "-" : "";
        return `((${p.type(e.type, e.lanes)}){${e.args.map((a) => sign + this.#expr(a)).join(", ")}})`;
      }
      case "shuffle":
        return this.#shuffle(e);
      case "ramp": {
        const steps = Array.from({ length: e.lanes }, (_, i) => i).join(", ");
        return `(${p.splat(e.type, e.lanes)}(${this.#expr(e.base)}) + (${p.type(e.type, e.lanes)}){${steps}})`;
      }
      case "fold":
        return `${foldFunction(p, e.op, e.type, e.arg.lanes)}(${this.#expr(e.arg)})`;
    }
  }

  #shuffle(e: Extract<Expr, { kind: "shuffle" }>): string {
    const p = this.#prelude;
    const v = p.type(e.type, e.lanes);
    const list = e.pattern.join(", ");
    const name = `shuffle_${v}_${e.pattern.join("_")}`;
    const integer = p.vector(elementBytes(e.type) === 8 ? "i64" : "i32", e.lanes);
    // gcc before 12 knows only the older spelling.
    p.function(v, name, `${v} a, ${v} b`, [`return __builtin_shuffle(a, b, (${integer}){${list}});`], [
      { when: "__has_builtin(__builtin_shufflevector)", body: [`return __builtin_shufflevector(a, b, ${list});`] },
    ]);
    return `${name}(${this.#expr(e.a)}, ${this.#expr(e.b)})`;
  }

  #byArgument(op: "div" | "rem", x: Expr, slot: number): string {
    this.#divisors.add(slot);
    const quotient = quotientFunction(this.#prelude);
    if (op === "div") return `${quotient}(${this.#expr(x)}, r${slot})`;
    const remainder = this.#prelude.function("int64_t", "remainder", "int64_t a, uint64_t reciprocal, int64_t n", [`return (uint32_t)(a - ${quotient}(a, reciprocal) * n);`]);
    return `${remainder}(${this.#expr(x)}, r${slot}, n${slot})`;
  }

  #op(e: Extract<Expr, { kind: "op" }>): string {
    const p = this.#prelude;
    const [x, y] = e.args;
    if (!x) throw new GradusError(`[${e.op}] has no operands in kernel ${this.#kernel.name}`);
    if ((e.op === "min" || e.op === "max") && y && (e.type === "float32" || e.type === "float64")) {
      const [known, other] = isNumber(x) ? [x, y] : isNumber(y) ? [y, x] : [];
      if (known && other) return `${secondExtremeFunction(p, e.op, e.type, e.lanes)}(${this.#expr(known)}, ${this.#expr(other)})`;
    }
    if (e.op === "select" && e.lanes > 1 && x.kind === "op" && isComparison(x.op)) {
      const compared = x.args[0]?.type ?? "bool";
      const args = [...x.args, ...e.args.slice(1)].map((a) => this.#expr(a));
      return `${compareSelectFunction(p, x.op as Comparison, compared, e.type, e.lanes)}(${args.join(", ")})`;
    }
    if (y?.kind === "int-arg" && (e.op === "div" || e.op === "rem") && x.min >= 0 && x.max < 2 ** 32 && y.min >= 2) return this.#byArgument(e.op, x, y.slot);
    const type = e.op === "select" ? e.type : x.type;
    const [a = "", b = "", c = ""] = e.args.map((arg) => this.#expr(arg));
    return scalarSpellings[e.op](p, type, e.lanes, a, b, c);
  }
}

/**
 * Quotients of 32 bits as products with ⌈2⁶⁴ / divisor⌉, which are exact for divisors from 2 on (Lemire, Kaser and Kurz, "Faster
 * remainder by direct computation", 2019).
 */
function quotientFunction(p: Prelude): string {
  return p.function("int64_t", "quotient", "int64_t a, uint64_t reciprocal", ["return (uint32_t)(((unsigned __int128)reciprocal * (uint64_t)a) >> 64);"]);
}

function isNumber(e: Expr): boolean {
  const value = constantOf(e);
  return value !== undefined && !Number.isNaN(value);
}

function constantText(value: number, type: ComputeType): string {
  switch (type) {
    case "float32":
    case "float64": {
      const f = type === "float32" ? "f" : "";
      if (Number.isNaN(value)) return `__builtin_nan${f}("")`;
      if (!Number.isFinite(value)) return `(${value < 0 ? "-" : ""}__builtin_inf${f}())`;
      const digits = Object.is(value, -0) ? "-0" : String(value);
      const text = /[.e]/.test(digits) ? digits : `${digits}.0`;
      return digits.startsWith("-") ? `(${text}${f})` : `${text}${f}`;
    }
    case "int32":
      return value === -(2 ** 31) ? "INT32_MIN" : value < 0 ? `(${value})` : String(value);
    case "uint32":
      return `${value}u`;
    case "bool":
      return value ? "1" : "0";
    case "index":
      return value < 0 ? `(INT64_C(${value}))` : `INT64_C(${value})`;
  }
}
