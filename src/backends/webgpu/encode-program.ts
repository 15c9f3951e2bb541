import type { Place, Program, Step } from "../../compiler/program.js";
import { byteSize, type DType } from "../../core/dtype.js";
import { ExprBuilder } from "../../ir/expr-builder.js";
import { isPassed, type Kernel } from "../../ir/loop.js";
import { MemoryRoots } from "./memory-roots.js";

/** Buffers that are bound together: numbers of `MemoryRoots`, in the order of the shader's storage bindings. */
export interface BindingSite {
  readonly roots: readonly number[];
  /** Whether the shader writes through each binding. */
  readonly written: readonly boolean[];
  readonly paramBytes: number;
}

/** What a launch needs of the shader that was made for it. */
interface LaunchShader {
  readonly itemsPerGroup: number;
  readonly paramWords: number;
}

/** A program as a list of dispatches, loops unrolled. */
export interface EncodedProgram<Shader extends LaunchShader> {
  readonly sites: readonly BindingSite[];
  readonly shaders: readonly Shader[];
  /** For each dispatch its shader, its site, and how many groups it has along x and y. */
  readonly dispatches: Uint32Array;
  /** Arguments of all dispatches, `paramStride` bytes apart. */
  readonly params: Uint32Array<ArrayBuffer>;
  readonly paramStride: number;
  /** For each dispatch the position of its launch or copy in the program, as profiles count them. */
  readonly steps: Uint32Array;
}

/** Numbers of one dispatch in `dispatches`. */
export const dispatchFields = 4;
/** Groups along one dimension of a dispatch. */
const mostGroups = 65535;

interface Launch<Shader> {
  readonly shader: Shader;
  readonly shaderIndex: number;
  readonly site: number;
  readonly index: number;
  readonly items: number;
  readonly places: readonly Place[];
  readonly elementBytes: readonly number[];
  readonly ints: readonly number[];
}

/**
 * Makes the dispatches of a program. `shaderOf` gives the shader of a kernel whose passed buffers have the given bindings;
 * `constantOffsets` says where each constant begins in the buffer of all constants.
 */
export function encodeProgram<Shader extends LaunchShader>(
  program: Program,
  constantOffsets: readonly number[],
  shaderOf: (kernel: Kernel, bindings: readonly number[]) => Shader,
): EncodedProgram<Shader> {
  const roots = new MemoryRoots(program);
  const sites: BindingSite[] = [];
  const siteNumbers = new Map<string, number>();
  const shaders = new Map<Shader, number>();

  const prepare = (step: Exclude<Step, { readonly kind: "loop" }>, index: number): Launch<Shader> => {
    const { kernel, buffers: places, items, ints } = step.kind === "copy" ? copyLaunch(step) : { ...step, kernel: kernelAt(program, step.kernel) };
    const used = [...new Set(places.map((place) => roots.of(place)))];
    const bindings = places.map((place) => used.indexOf(roots.of(place)));
    const passed = kernel.buffers.filter(isPassed);
    const written = used.map((_, binding) => passed.some(({ access }, i) => bindings[i] === binding && access !== "read"));
    const shader = shaderOf(kernel, bindings);
    if (!shaders.has(shader)) shaders.set(shader, shaders.size);
    const site: BindingSite = { roots: used, written, paramBytes: Math.ceil(shader.paramWords / 4) * 16 };
    const key = `${used.join(" ")} ${written.join(" ")} ${site.paramBytes}`;
    let number = siteNumbers.get(key);
    if (number === undefined) siteNumbers.set(key, (number = sites.push(site) - 1));
    const elementBytes = passed.map(({ dtype }) => byteSize(dtype));
    return { shader, shaderIndex: shaders.get(shader) ?? 0, site: number, index, items, places, elementBytes, ints };
  };

  const launches: { readonly launch: Launch<Shader>; readonly iterations: readonly number[] }[] = [];
  const prepared = new Map<Step, Launch<Shader>>();
  let described = 0;
  const visit = (step: Step, iterations: readonly number[]): void => {
    if (step.kind === "loop") {
      for (let i = 0; i < step.count; i++) for (const inner of step.body) visit(inner, [...iterations, i]);
      return;
    }
    let launch = prepared.get(step);
    if (!launch) prepared.set(step, (launch = prepare(step, described++)));
    launches.push({ launch, iterations });
  };
  for (const step of program.steps) visit(step, []);

  const paramStride = 256 * Math.ceil(Math.max(1, ...sites.map(({ paramBytes }) => paramBytes)) / 256);
  const params = new Uint32Array((launches.length * paramStride) / 4);
  const dispatches = new Uint32Array(launches.length * dispatchFields);
  const steps = new Uint32Array(launches.length);
  launches.forEach(({ launch, iterations }, n) => {
    const groups = Math.ceil(launch.items / launch.shader.itemsPerGroup);
    const y = Math.ceil(groups / mostGroups);
    dispatches.set([launch.shaderIndex, launch.site, Math.ceil(groups / y), y], n * dispatchFields);
    const offsets = launch.places.map((place, i) => (offsetOf(place, iterations) + (place.base === "constant" ? (constantOffsets[place.index] ?? 0) : 0)) / (launch.elementBytes[i] ?? 1));
    params.set([launch.items, ...offsets, ...launch.ints], (n * paramStride) / 4);
    steps[n] = launch.index;
  });
  return { sites, shaders: [...shaders.keys()], dispatches, params, paramStride, steps };
}

function kernelAt({ kernels }: Program, index: number): Kernel {
  const kernel = kernels[index];
  if (!kernel) throw new RangeError(`a program of ${kernels.length} kernels launches number ${index}`);
  return kernel;
}

function offsetOf({ offset, strides }: Place, iterations: readonly number[]): number {
  return strides.reduce((sum, stride, d) => sum + stride * (iterations[d] ?? 0), offset);
}

interface CopyLaunch {
  readonly kernel: Kernel;
  readonly buffers: readonly Place[];
  readonly items: number;
  readonly ints: readonly number[];
}

/** A copy is a kernel too: so a run is one pass, and any number of bytes can be copied from anywhere to anywhere. */
function copyLaunch({ from, to, bytes }: Extract<Step, { readonly kind: "copy" }>): CopyLaunch {
  const whole = [bytes, from.offset, to.offset, ...from.strides, ...to.strides].every((n) => n % 4 === 0);
  const dtype = whole ? "uint32" : "uint8";
  return { kernel: copyKernel(dtype), buffers: [from, to], items: bytes / byteSize(dtype), ints: [] };
}

function copyKernel(dtype: DType): Kernel {
  const b = new ExprBuilder();
  const item = b.counter("item", 2 ** 32);
  const at = b.ref(item);
  const buffers = (["read", "write"] as const).map((access) => ({ dtype, access, scratchSize: 0 }));
  return { name: "copy", buffers, item, body: [{ kind: "store", buffer: 1, index: at, value: b.load(0, dtype, at) }], intCount: 0, flops: 0, bytes: 0 };
}
