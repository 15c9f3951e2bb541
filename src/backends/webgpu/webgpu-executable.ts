import type { Program } from "../../compiler/program.js";
import type { Graph } from "../../ir/graph.js";
import type { Executable } from "../../runtime/backend.js";
import { describeProgram, type ProgramDescription } from "../../runtime/profile.js";
import type { Block } from "./buffer-pool.js";
import { failureAmong, isDoubtful, type Made } from "./failures.js";
import { type BindingSite, dispatchFields, type EncodedProgram } from "./encode-program.js";
import { bytesOf } from "./limit-bindings.js";
import { MemoryRoots } from "./memory-roots.js";
import type { LoadedShader, ShaderLibrary } from "./shader-library.js";
import type { WebgpuStorage } from "./webgpu-storage.js";

/** Bind groups that are remembered for one site; calls with other buffers make new ones. */
const mostGroups = 16;

/** A bind group and the buffers in it. */
interface Bound {
  readonly blocks: readonly Block[];
  readonly group: GPUBindGroup;
}

/** A program that a device has loaded: its shaders, its arguments and constants in the device's memory. */
export class WebgpuExecutable implements Executable {
  readonly graph: Graph;
  readonly program: Program;
  readonly compileMs: number;
  readonly roots: MemoryRoots;
  readonly description: ProgramDescription;
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  readonly #device: GPUDevice;
  readonly #library: ShaderLibrary;
  readonly #encoded: EncodedProgram<LoadedShader>;
  readonly #params: GPUBuffer;
  readonly constants: WebgpuStorage | undefined;
  readonly #bound: Bound[][];
  readonly #overwritten: ReadonlySet<number>;
  /** Shaders and constants that are not known to be made, or could not be. */
  #doubts: readonly Made[];
  readonly #offset = new Uint32Array(1);

  constructor(graph: Graph, program: Program, encoded: EncodedProgram<LoadedShader>, params: GPUBuffer, constants: WebgpuStorage | undefined, device: GPUDevice, library: ShaderLibrary, compileMs: number) {
    this.graph = graph;
    this.program = program;
    this.compileMs = compileMs;
    this.roots = new MemoryRoots(program);
    this.description = describeProgram(program, compileMs);
    this.inputBytes = program.inputs.map(bytesOf);
    this.outputBytes = program.outputs.map(bytesOf);
    this.#device = device;
    this.#library = library;
    this.#encoded = encoded;
    this.#params = params;
    this.constants = constants;
    this.#bound = encoded.sites.map(() => []);
    this.#overwritten = new Set(program.inPlace);
    this.#doubts = constants ? [...encoded.shaders, constants.block] : encoded.shaders;
  }

  get inPlace(): readonly number[] {
    return this.program.inPlace;
  }

  /** Whether an output is written into the memory of this input. */
  overwrites(input: number): boolean {
    return this.#overwritten.has(input);
  }

  /** Dispatches of one run. */
  get dispatches(): number {
    return this.#encoded.steps.length;
  }

  /** Which of the program's launches and copies each dispatch is. */
  get steps(): Uint32Array {
    return this.#encoded.steps;
  }

  /** Why it cannot run, as far as is known. */
  get failure(): Error | undefined {
    return failureAmong(this.#doubts);
  }

  /** Adds to `target` of what this is made and is not known to be made. */
  addDoubts(target: Set<Made>): void {
    if (this.#doubts.length > 0) this.#doubts = this.#doubts.filter(isDoubtful);
    for (const doubt of this.#doubts) target.add(doubt);
  }

  /** The bind groups of a run with the given buffers, one for each site; `blocks` are numbered as `roots` does. */
  bind(blocks: readonly (Block | undefined)[]): readonly GPUBindGroup[] {
    return this.#encoded.sites.map((site, s) => {
      const known = this.#bound[s] ?? [];
      const at = known.findIndex((bound) => site.roots.every((root, i) => blocks[root] === bound.blocks[i]));
      const found = known[at] ?? this.#makeGroup(site, blocks);
      // The last ones stay in front.
      if (at > 0) known.splice(at, 1);
      if (at !== 0) known.unshift(found);
      if (known.length > mostGroups) known.pop();
      return found.group;
    });
  }

  /** Encodes the dispatches from `begin` up to `end`. */
  encode(pass: GPUComputePassEncoder, groups: readonly GPUBindGroup[], begin: number, end: number): void {
    const { dispatches, shaders, paramStride } = this.#encoded;
    let pipeline: GPUComputePipeline | undefined;
    for (let n = begin; n < end; n++) {
      const at = n * dispatchFields;
      const next = shaders[dispatches[at] ?? 0]?.pipeline;
      const group = groups[dispatches[at + 1] ?? 0];
      if (!next || !group) continue;
      if (next !== pipeline) pass.setPipeline((pipeline = next));
      this.#offset[0] = n * paramStride;
      pass.setBindGroup(0, group, this.#offset, 0, 1);
      pass.dispatchWorkgroups(dispatches[at + 2] ?? 0, dispatches[at + 3] ?? 0);
    }
  }

  #makeGroup({ roots, written, paramBytes }: BindingSite, all: readonly (Block | undefined)[]): Bound {
    const blocks = roots.map((root) => {
      const block = all[root];
      if (!block) throw new RangeError(`a program binds buffer ${root}, which it was not given`);
      return block;
    });
    const entries = blocks.map(({ buffer }, i) => ({ binding: 1 + i, resource: { buffer } }));
    const params = { binding: 0, resource: { buffer: this.#params, size: paramBytes } };
    return { blocks, group: this.#device.createBindGroup({ layout: this.#library.layout(written), entries: [params, ...entries] }) };
  }
}
