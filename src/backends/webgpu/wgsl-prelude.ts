import { DTypeError } from "../../core/errors.js";
import type { ComputeType } from "../../ir/loop.js";

const scalarTypes = { float32: "f32", int32: "i32", uint32: "u32", bool: "bool", index: "i32" } as const;

export type WgslScalar = (typeof scalarTypes)[keyof typeof scalarTypes];

/** How a value of the type is held. Throws a DTypeError for float64, which WGSL does not have. */
export function scalarType(type: ComputeType): WgslScalar {
  if (type === "float64") throw new DTypeError("[webgpu] WGSL has no float64: convert to float32, or use another device");
  return scalarTypes[type];
}

/** `lanes` values of a type as one. */
export function vectorType(scalar: WgslScalar, lanes: number): string {
  return lanes === 1 ? scalar : `vec${lanes}<${scalar}>`;
}

export function wgslType(type: ComputeType, lanes: number): string {
  return vectorType(scalarType(type), lanes);
}

/** A scalar in all lanes. */
export function splatted(scalar: WgslScalar, lanes: number, value: string): string {
  return lanes === 1 ? value : `${vectorType(scalar, lanes)}(${value})`;
}

/** One lane of a vector that has a name. */
export function laneOf(name: string, lanes: number, lane: number): string {
  return lanes === 1 ? name : `${name}.${"xyzw"[lane] ?? ""}`;
}

/** The end of a function's name: how many lanes it works on. */
export function suffix(lanes: number): string {
  return lanes === 1 ? "" : `x${lanes}`;
}

export function bitsOf(value: string, lanes = 1): string {
  return `bitcast<${vectorType("u32", lanes)}>(${value})`;
}

export function fromBits(bits: string, lanes = 1): string {
  return `bitcast<${vectorType("f32", lanes)}>(${bits})`;
}

/** A zero that no compiler can know to be one: the highest bit of the launch's number of items. */
export const unknownZero = "(params[0].x >> 31u)";

/** Features of WebGPU that shaders may use. */
export interface ShaderFeatures {
  /** "shader-f16", whose conversion to float32 was seen to be exact. */
  readonly f16: boolean;
  readonly subgroups: boolean;
}

/** The declarations that a kernel's text uses, in the order in which they were first asked for. */
export class Prelude {
  readonly features: ShaderFeatures;
  readonly #functions = new Map<string, string>();
  readonly #enabled = new Set<keyof ShaderFeatures>();
  readonly #counters = new Set<string>();

  constructor(features: ShaderFeatures) {
    this.features = features;
  }

  get text(): string {
    return [...this.#functions.values()].join("\n");
  }

  /** What a module begins with. */
  get enables(): string[] {
    return [...this.#enabled].map((feature) => `enable ${feature};`);
  }

  /** Whether a feature is there; the module then begins with it. */
  uses(feature: keyof ShaderFeatures): boolean {
    if (this.features[feature]) this.#enabled.add(feature);
    return this.features[feature];
  }

  /** What `main` begins with. */
  get start(): string[] {
    if (this.#counters.size === 0) return [];
    return [`if (local == 0u) { ${[...this.#counters].map((name) => `atomicStore(&${name}, 0u);`).join(" ")} }`, "workgroupBarrier();"];
  }

  /** Declares an atomic word that the group shares, 0 at first, and gives its name. */
  sharedCounter(name: string): string {
    this.#counters.add(name);
    return this.shared(name, "atomic<u32>");
  }

  /** Declares memory that the group shares, in which anything may be at first, and gives its name. */
  shared(name: string, type: string): string {
    this.#functions.set(name, `var<workgroup> ${name}: ${type};`);
    return name;
  }

  /** Declares a function once, and gives its name. `result` is empty where it gives nothing. */
  function(name: string, parameters: string, result: string, body: readonly string[]): string {
    if (!this.#functions.has(name)) {
      const head = `fn ${name}(${parameters})${result === "" ? "" : ` -> ${result}`} {`;
      this.#functions.set(name, [head, ...body.map((line) => `  ${line}`), "}", ""].join("\n"));
    }
    return name;
  }

  /** A function of scalars of one type, made into one of vectors. */
  perLane(scalar: string, operands: number, from: WgslScalar, to: WgslScalar, lanes: number): string {
    if (lanes === 1) return scalar;
    const names = ["a", "b", "c"].slice(0, operands);
    const calls = Array.from({ length: lanes }, (_, lane) => `${scalar}(${names.map((n) => laneOf(n, lanes, lane)).join(", ")})`);
    const type = vectorType(to, lanes);
    const parameters = names.map((n) => `${n}: ${vectorType(from, lanes)}`).join(", ");
    return this.function(`${scalar}${suffix(lanes)}`, parameters, type, [`return ${type}(${calls.join(", ")});`]);
  }
}
