import type { Tensor } from "../tensor/index.js";
import { AnyModule, type HookHandle } from "./any-module.js";
import { summarize, type InputLike, type ModelSummary, type SummaryOptions } from "./summary.js";

/** The arguments of `forward`: those that a tuple type lists, or one of any other type. */
export type Inputs<In> = In extends readonly unknown[] ? In : [input: In];

/** Runs before `forward`. What it returns, if anything, replaces the inputs. */
export type ForwardPreHook<In> = (module: AnyModule, inputs: Inputs<In>) => Inputs<In> | undefined;

/** Runs after `forward`. What it returns, if anything, replaces the output. */
export type ForwardHook<In, Out> = (module: AnyModule, inputs: Inputs<In>, output: Out) => Out | undefined;

/**
 * A part of a network: fields hold its parameters, buffers and further modules (alone or in arrays), `forward` says
 * what it
 * computes. Every call of `forward` passes the hooks.
 *
 * ```ts
 * class Net extends Module<Tensor, Tensor> {
 *   fc1 = new Linear(784, 128);
 *   fc2 = new Linear(128, 10);
 *   forward(x: Tensor) { return this.fc2.forward(this.fc1.forward(x).relu()); }
 * }
 * ```
 *
 * `In` is the type of the input, or a tuple of several; `Out` is that of the output.
 */
export abstract class Module<In = Tensor, Out = Tensor> extends AnyModule {
  /** What the module computes. */
  abstract override forward(...inputs: Inputs<In>): Out;

  /** Calls `hook` before each `forward`. Compiled functions trace again. */
  override registerForwardPreHook(hook: ForwardPreHook<In>): HookHandle {
    return super.registerForwardPreHook(hook as never);
  }

  /** Calls `hook` after each `forward`. Compiled functions trace again. */
  override registerForwardHook(hook: ForwardHook<In, Out>): HookHandle {
    return super.registerForwardHook(hook as never);
  }

  /**
   * Prints a table of the modules in the order in which they run: output shapes, parameters, multiply-adds, memory of
   * outputs; and gives its numbers. Takes the input's shape with the batch, and a list for several inputs; an input that
   * is not float32 is `{ shape, dtype }`. Nothing is computed: shapes are those that recording finds, in the mode
   * (training or evaluation) that the model is in. Multiply-adds are those of matrix products, convolutions and attention.
   * Modules that run inside a loop (`scan`) have their multiply-adds in the module around it.
   *
   * ```ts
   * new LeNet().summary([1, 1, 28, 28]);
   * ```
   *
   * Throws what `forward` throws for inputs of these shapes.
   */
  summary(inputs: InputLike | readonly InputLike[], options?: SummaryOptions): ModelSummary {
    return summarize(this, inputs, options);
  }
}
