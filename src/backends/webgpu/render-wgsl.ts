import { CompileError, GradusError } from "../../core/errors.js";
import { constantOf } from "../../ir/scalar-builder.js";
import { isHalf } from "../../compiler/is-half.js";
import { allExprs, nested } from "../../compiler/walk.js";
import { isPassed, type ComputeType, type Expr, type Kernel, type KernelBuffer, type Stmt, type Variable } from "../../ir/loop.js";
import type { ScalarOp } from "../../ir/scalar.js";
import { kept } from "./wgsl-arithmetic.js";
import { constantText } from "./wgsl-constants.js";
import { convert, loadFrom, loadOwn, ownType, reinterpret, storageElement, storeOwn, storeTo, type StorageArray } from "./wgsl-conversions.js";
import { laneOf, Prelude, scalarType, type ShaderFeatures, splatted, wgslType } from "./wgsl-prelude.js";
import { combineFunction, foldFunction, scalarSpellings } from "./wgsl-scalar-ops.js";

/** A kernel as a WGSL module whose entry point is `main`. */
export interface WgslShader {
  readonly code: string;
  /** Invocations of one workgroup. */
  readonly workgroupSize: number;
  /** Items that one workgroup runs. */
  readonly itemsPerGroup: number;
  /** 32-bit words of the uniform buffer, a multiple of 4. */
  readonly paramWords: number;
}

/** Invocations of a workgroup that run items alone. */
const aloneSize = 64;

/** What WGSL lets an invocation have in variables of its own. */
const mostPrivateBytes = 8192;

/**
 * Writes a kernel as WGSL. `bindings[i]` is the storage binding (0, 1, …) of the i-th buffer that is passed; buffers of one
 * number share one array, such as the arena, or an output over its input.
 *
 * `@group(0) @binding(0)` is a uniform buffer of 32-bit words: the number of items, for each passed buffer the element at
 * which it begins in its binding (counted in its own dtype), and the integer arguments; `@binding(1 + k)` is storage binding
 * k, read-only unless a buffer in it is written. Workgroups are counted over a two-dimensional dispatch, `x` first; those past
 * the last item return. Equal kernels and bindings give equal text.
 *
 * Of `features` it uses what it can, and the numbers are the same with and without.
 *
 * Throws a DTypeError for float64 and a CompileError for vectors of other than 2 or 4 lanes and for scratch beyond 8,192 bytes.
 */
export function renderWgsl(kernel: Kernel, bindings: readonly number[], features: ShaderFeatures = { f16: false, subgroups: false }): WgslShader {
  return new Renderer(kernel, bindings, features).render();
}

class Renderer {
  readonly #kernel: Kernel;
  readonly #prelude: Prelude;
  readonly #names = new Map<number, string>();
  readonly #lines: string[] = [];
  /** What `let` variables stand for. */
  readonly #values = new Map<Variable, Expr>();
  /** Mutable variables that may hold the result of a float sum or product other than their own. */
  readonly #rounded = new Set<Variable>();
  /** By buffer: the storage array of a passed buffer, and its place among those that are passed. */
  readonly #arrays = new Map<number, { readonly array: StorageArray; readonly passed: number }>();
  readonly #bindings: readonly number[];
  #temporaries = 0;

  constructor(kernel: Kernel, bindings: readonly number[], features: ShaderFeatures) {
    this.#kernel = kernel;
    this.#prelude = new Prelude(features);
    this.#bindings = bindings;
    const passed = kernel.buffers.filter(isPassed);
    if (passed.length !== bindings.length) throw new CompileError(`[webgpu] kernel ${kernel.name} has ${passed.length} buffers, and ${bindings.length} bindings came for them`);
    let at = 0;
    kernel.buffers.forEach((buffer, k) => {
      if (!isPassed(buffer)) return;
      const binding = bindings[at] ?? 0;
      const bound = passed.filter((_, i) => bindings[i] === binding);
      this.#arrays.set(k, { array: { name: `s${binding}`, element: storageElement(this.#prelude, bound) }, passed: at++ });
    });
    // Twice: in a loop, what a variable is given may have been changed further down.
    this.#findValues(kernel.body);
    this.#findValues(kernel.body);
  }

  render(): WgslShader {
    const { buffers, group, item, body, intCount } = this.#kernel;
    const size = group?.size ?? aloneSize;
    const name = this.#name(item);
    const start = group ? "group" : `group * ${size}u + local`;
    const main = [
      `@compute @workgroup_size(${size})`,
      "fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {",
      "  let group = id.y * groups.x + id.x;",
      `  let ${name} = i32(${start});`,
      `  if (u32(${name}) >= params[0].x) { return; }`,
    ];
    if (group) main.push(`  let ${this.#name(group.lane)} = i32(local);`);
    for (let k = 0; k < this.#bindings.length; k++) main.push(`  let o${k} = ${parameter(1 + k)};`);
    for (let slot = 0; slot < intCount; slot++) main.push(`  let n${slot} = ${parameter(1 + this.#bindings.length + slot)};`);
    this.#block(body, "  ");
    main.push(...this.#prelude.start.map((line) => `  ${line}`));
    const words = 4 * Math.ceil((1 + this.#bindings.length + intCount) / 4);
    const declarations = [`@group(0) @binding(0) var<uniform> params: array<vec4<u32>, ${words / 4}>;`, ...this.#storage(), ...buffers.flatMap((b, k) => this.#own(b, k))];
    const code = [...this.#prelude.enables, ...declarations, "", this.#prelude.text, ...main, ...this.#lines, "}", ""].join("\n");
    return { code, workgroupSize: size, itemsPerGroup: group ? 1 : size, paramWords: words };
  }

  #storage(): string[] {
    const passed = this.#kernel.buffers.filter(isPassed);
    const arrays = new Map([...this.#arrays.values()].map(({ array, passed: at }) => [this.#bindings[at] ?? 0, array]));
    return [...arrays]
      .sort(([a], [b]) => a - b)
      .map(([binding, { name, element }]) => {
        const isWritten = passed.some((b, i) => this.#bindings[i] === binding && b.access !== "read");
        return `@group(0) @binding(${1 + binding}) var<storage, ${isWritten ? "read_write" : "read"}> ${name}: array<${element}>;`;
      });
  }

  /** The declaration of scratch or shared memory. */
  #own(buffer: KernelBuffer, k: number): string[] {
    if (isPassed(buffer)) return [];
    const { buffers, name } = this.#kernel;
    const bytes = buffers.reduce((sum, b) => sum + (b.access === "scratch" ? 4 * b.scratchSize : 0), 0);
    if (bytes > mostPrivateBytes) {
      throw new CompileError(`[webgpu] kernel ${name} needs ${bytes} bytes of scratch in every invocation, and WGSL has at most ${mostPrivateBytes}: keep it in shared memory, or in buffers`);
    }
    return [`var<${buffer.access === "shared" ? "workgroup" : "private"}> b${k}: array<${ownType(this.#prelude, buffer.dtype)}, ${Math.max(1, buffer.scratchSize)}>;`];
  }

  #findValues(stmts: readonly Stmt[]): void {
    for (const s of stmts) {
      if (s.kind === "let") this.#values.set(s.variable, s.value);
      const changes = s.kind === "mutable" || s.kind === "assign" || (s.kind === "accumulate" && s.op === "mul");
      if (changes && (s.kind === "accumulate" || this.#isRounded(s.value))) this.#rounded.add(s.variable);
      nested(s).forEach((list) => this.#findValues(list));
    }
  }

  /** Names follow the order of first appearance, so that equal kernels print alike. */
  #name(variable: Variable): string {
    let name = this.#names.get(variable.id);
    if (name === undefined) {
      name = `${variable.name.replaceAll(/\W/g, "_").replace(/^(?=[\d_])/, "v")}_${this.#names.size}`;
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
        const text = this.#expr(s.value, indent);
        // A sum that begins with 0 keeps it.
        const value = s.kind === "mutable" ? this.#operand("add", false, s.value, text) : text;
        const keyword = s.kind === "let" ? "let" : "var";
        this.#lines.push(`${indent}${keyword} ${this.#name(s.variable)}: ${this.#type(s.variable)} = ${value};`);
        return;
      }
      case "assign":
        this.#lines.push(`${indent}${this.#name(s.variable)} = ${this.#expr(s.value, indent)};`);
        return;
      case "accumulate": {
        const { type, lanes } = s.variable;
        const name = this.#name(s.variable);
        const value = this.#operand(s.op, this.#isRounded(s.value), s.value, this.#expr(s.value, indent));
        const before = this.#operand(s.op, this.#rounded.has(s.variable), s.variable, name);
        this.#lines.push(`${indent}${name} = ${scalarSpellings[s.op](this.#prelude, type, lanes, before, value, "")};`);
        return;
      }
      case "store": {
        const index = this.#expr(s.index, indent);
        const value = this.#expr(s.value, indent);
        const { dtype } = this.#buffer(s.buffer);
        const place = this.#arrays.get(s.buffer);
        const { lanes } = s.value;
        const holdsIt = dtype === "float16" && isHalf(s.value, (k) => this.#buffer(k).dtype, (v) => this.#values.get(v));
        const text = place
          ? storeTo(this.#prelude, place.array, dtype, lanes, `o${place.passed} + ${index}`, value, holdsIt)
          : storeOwn(this.#prelude, `b${s.buffer}`, dtype, lanes, index, value, holdsIt);
        this.#lines.push(`${indent}${text}`);
        return;
      }
      case "if":
        this.#lines.push(`${indent}if (${this.#expr(s.condition, indent)}) {`);
        this.#block(s.then, `${indent}  `);
        if (s.otherwise.length > 0) {
          this.#lines.push(`${indent}} else {`);
          this.#block(s.otherwise, `${indent}  `);
        }
        this.#lines.push(`${indent}}`);
        return;
      case "for": {
        const begin = this.#expr(s.begin, indent);
        const end = this.#expr(s.end, indent);
        const name = this.#name(s.variable);
        if (s.end.kind !== "const") this.#lines.push(`${indent}let ${name}_end = ${end};`);
        const limit = s.end.kind === "const" ? end : `${name}_end`;
        this.#lines.push(`${indent}for (var ${name} = ${begin}; ${name} < ${limit}; ${name} += ${s.step}i) {`);
        this.#block(s.body, `${indent}  `);
        this.#lines.push(`${indent}}`);
        return;
      }
      case "barrier":
        this.#lines.push(`${indent}workgroupBarrier();`);
        if (this.#rereads()) this.#lines.push(`${indent}storageBarrier();`);
        return;
      case "combine": {
        const name = this.#name(s.variable);
        const combine = combineFunction(this.#prelude, s.op, s.variable.type, this.#kernel.group?.size ?? 1);
        this.#lines.push(`${indent}${name} = ${combine}(local, ${name});`);
        return;
      }
    }
  }

  /** Whether something that is written to storage may be read again. */
  #rereads(): boolean {
    const passed = this.#kernel.buffers.filter(isPassed);
    return passed.some(({ access }) => access === "readwrite");
  }

  #buffer(index: number): KernelBuffer {
    const buffer = this.#kernel.buffers[index];
    if (!buffer) throw new GradusError(`kernel ${this.#kernel.name} uses buffer ${index} of ${this.#kernel.buffers.length}`);
    return buffer;
  }

  #type({ type, lanes }: { readonly type: ComputeType; readonly lanes: number }): string {
    if (lanes !== 1 && lanes !== 2 && lanes !== 4) throw new CompileError(`[webgpu] kernel ${this.#kernel.name} has vectors of ${lanes} lanes, and WGSL gets 2 or 4: compile it for a target whose vectors have 16 bytes`);
    return wgslType(type, lanes);
  }

  /** The text of an expression; what may be computed on a condition only goes before the statement. */
  #expr(e: Expr, indent: string): string {
    const p = this.#prelude;
    const type = this.#type(e);
    switch (e.kind) {
      case "const":
        return constantText(e.value, e.type);
      case "var":
        return this.#name(e.variable);
      case "int-arg":
        return `n${e.slot}`;
      case "load": {
        const place = this.#arrays.get(e.buffer);
        const index = this.#expr(e.index, indent);
        const { dtype } = this.#buffer(e.buffer);
        return place ? loadFrom(p, place.array, dtype, e.lanes, `o${place.passed} + ${index}`) : loadOwn(p, `b${e.buffer}`, dtype, e.lanes, index);
      }
      case "op": {
        const [x] = e.args;
        if (!x) throw new GradusError(`[${e.op}] has no operands in kernel ${this.#kernel.name}`);
        const [a = "", b = "", c = ""] = e.args.map((arg, k) => this.#operand(e.op, this.#isRounded(arg) || (k === 1 && arg === x), arg, this.#expr(arg, indent)));
        if (e.type === "index" && (e.op === "div" || e.op === "rem")) return this.#indexDivision(e, a, b);
        return scalarSpellings[e.op](p, e.op === "select" ? e.type : x.type, e.lanes, a, b, c);
      }
      case "cast":
        return convert(p, e.arg.type, e.type, e.lanes, this.#expr(e.arg, indent));
      case "bitcast":
        return reinterpret(e.type, e.lanes, this.#expr(e.arg, indent));
      case "guard":
        return this.#guard(e, indent);
      case "splat":
      case "pack":
        return `${type}(${(e.kind === "pack" ? e.args : [e.arg]).map((a) => this.#expr(a, indent)).join(", ")})`;
      case "shuffle": {
        const half = e.a.lanes;
        const lanes = e.pattern.map((from) => laneOf(from < half ? "a" : "b", half, from % half));
        const name = p.function(`shuffle_${scalarType(e.type)}_${e.pattern.join("_")}`, `a: ${type}, b: ${type}`, type, [`return ${type}(${lanes.join(", ")});`]);
        return `${name}(${this.#expr(e.a, indent)}, ${this.#expr(e.b, indent)})`;
      }
      case "ramp": {
        const steps = Array.from({ length: e.lanes }, (_, i) => i).join(", ");
        return `(${splatted(scalarType(e.type), e.lanes, this.#expr(e.base, indent))} + ${type}(${steps}))`;
      }
      case "fold":
        return `${foldFunction(p, e.op, e.type, e.arg.lanes)}(${this.#expr(e.arg, indent)})`;
    }
  }

  /** `condition ? value : other`: WGSL's `select` computes both, which must not read where nothing may be. */
  #guard(e: Extract<Expr, { kind: "guard" }>, indent: string): string {
    const p = this.#prelude;
    const condition = this.#expr(e.condition, indent);
    if (!allExprs([e.value, e.other]).some((part) => part.kind === "load" || part.kind === "op")) {
      const mask = splatted("bool", e.lanes, condition);
      return scalarSpellings.select(p, e.type, e.lanes, mask, this.#expr(e.value, indent), this.#expr(e.other, indent));
    }
    const name = `g${this.#temporaries++}`;
    this.#lines.push(`${indent}var ${name}: ${this.#type(e)};`, `${indent}if (${condition}) {`);
    const branch = (value: Expr): void => {
      const text = this.#expr(value, `${indent}  `);
      this.#lines.push(`${indent}  ${name} = ${text};`);
    };
    branch(e.value);
    this.#lines.push(`${indent}} else {`);
    branch(e.other);
    this.#lines.push(`${indent}}`);
    return name;
  }

  /** A quotient or remainder of what is not negative is cheaper than one of which this is not known. */
  #indexDivision(e: Extract<Expr, { kind: "op" }>, a: string, b: string): string {
    const [x, y] = e.args;
    if (!x || y?.kind !== "const" || x.min < 0 || y.value < 1) return scalarSpellings[e.op](this.#prelude, e.type, 1, a, b, "");
    if (Number.isInteger(Math.log2(y.value))) return e.op === "div" ? `(${a} >> ${Math.log2(y.value)}u)` : `(${a} & ${y.value - 1}i)`;
    return `i32(u32(${a}) ${e.op === "div" ? "/" : "%"} ${y.value}u)`;
  }

  /** An operand of a sum or product, hidden where a compiler could join or drop the two: a result, a zero, the other operand. */
  #operand(op: ScalarOp, hides: boolean, e: Expr | Variable, text: string): string {
    if (e.type !== "float32" || (op !== "add" && op !== "sub" && op !== "mul")) return text;
    return hides || ("kind" in e && constantOf(e) === 0) ? kept(this.#prelude, e.lanes, text) : text;
  }

  #isRounded(e: Expr): boolean {
    if (e.type !== "float32") return false;
    if (e.kind === "splat") return this.#isRounded(e.arg);
    if (e.kind === "pack") return e.args.some((a) => this.#isRounded(a));
    if (e.kind === "op") return e.op === "add" || e.op === "sub" || e.op === "mul";
    if (e.kind !== "var") return false;
    const value = this.#values.get(e.variable);
    return value ? this.#isRounded(value) : this.#rounded.has(e.variable);
  }
}

function parameter(word: number): string {
  return `i32(params[${Math.floor(word / 4)}].${"xyzw"[word % 4] ?? ""})`;
}
