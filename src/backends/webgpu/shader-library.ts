import { CompileError } from "../../core/errors.js";
import type { Kernel } from "../../ir/loop.js";
import { isPassed } from "../../ir/loop.js";
import type { Failures, Made } from "./failures.js";
import { renderWgsl, type WgslShader } from "./render-wgsl.js";
import type { ShaderFeatures } from "./wgsl-prelude.js";

/** A kernel made ready to run on a device, for one way of binding its buffers. */
export interface LoadedShader extends WgslShader, Made {
  readonly module: GPUShaderModule;
  readonly pipeline: GPUComputePipeline;
}

/** Compiles kernels; shaders of equal text are one, for as long as a program uses it. */
export class ShaderLibrary {
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #features: ShaderFeatures;
  readonly #shaders = new Map<string, WeakRef<LoadedShader>>();
  readonly #collected = new FinalizationRegistry<string>((code) => {
    // Another may have been made of the same text.
    if (!this.#shaders.get(code)?.deref()) this.#shaders.delete(code);
  });
  #compiled = 0;
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  constructor(device: GPUDevice, failures: Failures, features: ShaderFeatures) {
    this.#device = device;
    this.#failures = failures;
    this.#features = features;
  }

  /** Shaders compiled so far. */
  get size(): number {
    return this.#compiled;
  }

  /** The shader of a kernel; `bindings` as `renderWgsl` takes them. Its failure is a CompileError. */
  load(kernel: Kernel, bindings: readonly number[]): LoadedShader {
    const shader = renderWgsl(kernel, bindings, this.#features);
    const known = this.#shaders.get(shader.code)?.deref();
    if (known) return known;
    const passed = kernel.buffers.filter(isPassed);
    const written = Array.from({ length: Math.max(0, ...bindings.map((n) => n + 1)) }, (_, n) => passed.some(({ access }, i) => bindings[i] === n && access !== "read"));
    const made = this.#compile(kernel.name, shader, this.layout(written));
    this.#compiled++;
    this.#shaders.set(shader.code, new WeakRef(made));
    this.#collected.register(made, shader.code);
    return made;
  }

  /** The layout of a bind group: arguments, then the buffers. */
  layout(written: readonly boolean[]): GPUBindGroupLayout {
    const key = written.map(Number).join("");
    let layout = this.#layouts.get(key);
    if (!layout) {
      const buffers = written.map((write, i): GPUBindGroupLayoutEntry => ({ binding: 1 + i, visibility: compute, buffer: { type: write ? "storage" : "read-only-storage" } }));
      const args: GPUBindGroupLayoutEntry = { binding: 0, visibility: compute, buffer: { type: "uniform", hasDynamicOffset: true } };
      this.#layouts.set(key, (layout = this.#device.createBindGroupLayout({ entries: [args, ...buffers] })));
    }
    return layout;
  }

  #compile(name: string, shader: WgslShader, layout: GPUBindGroupLayout): LoadedShader {
    const device = this.#device;
    const compile = (): LoadedShader => {
      const module = device.createShaderModule({ label: name, code: shader.code });
      const pipeline = device.createComputePipeline({ label: name, layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }), compute: { module, entryPoint: "main" } });
      return { ...shader, module, pipeline, isKnown: false, failure: undefined };
    };
    return this.#failures.scope(device, "validation", compile, (error, made) => whyRefused(name, made, error));
  }
}

/** GPUShaderStage.COMPUTE. */
const compute = 4;

async function whyRefused(name: string, { module, code }: LoadedShader, error: GPUError): Promise<CompileError> {
  const { messages } = await module.getCompilationInfo();
  const lines = code.split("\n");
  const details = messages
    .filter(({ type }) => type === "error")
    .map(({ lineNum, linePos, message }) => `\n${lineNum}:${linePos}: ${message}\n  ${lines[lineNum - 1]?.trim() ?? ""}`);
  if (details.length === 0) return new CompileError(`[webgpu] the adapter refuses kernel "${name}": ${error.message}`);
  return new CompileError(`[webgpu] the WGSL of kernel "${name}" is not valid here; please report it:${details.join("")}`);
}
