import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape, type Shape } from "../core/shape.js";
import {
  arange,
  concat,
  dropout,
  linear,
  Parameter,
  rand,
  scan,
  stack,
  Tensor,
  tensor,
  where,
  zeros,
} from "../tensor/index.js";
import { Module } from "./module.js";
import type { RecurrentKind, RecurrentState, RecurrentWeights } from "./recurrent-step.js";
import { requireSizes } from "./require-sizes.js";

export interface RecurrentOptions {
  /** How many layers lie on each other, each reading the outputs of the one below; 1 if not given. */
  readonly numLayers?: number | undefined;
  /** Whether b_ih and b_hh are added; true if not given. */
  readonly bias?: boolean | undefined;
  /** Whether inputs and outputs are [batch, steps, features]; false (steps first) if not given. States never are. */
  readonly batchFirst?: boolean | undefined;
  /** Probability of dropout on the outputs of every layer but the last, in training; 0 if not given. */
  readonly dropout?: number | undefined;
  /** Whether a second network reads the steps from last to first, its outputs following the first's; false if not given. */
  readonly bidirectional?: boolean | undefined;
}

export interface RecurrentInputOptions {
  /**
   * How many steps of each sequence of the batch count: [batch] whole numbers from 0 to the number of steps, not
   * necessarily sorted. Every sequence then gives what it would give alone: outputs beyond its length are 0, final
   * states are those after its last step, and the backward direction begins there. These are the results of PyTorch's
   * `pad_packed_sequence(…, total_length=steps)` and its states. A tensor lets lengths change without compiling anew.
   */
  readonly lengths?: readonly number[] | Tensor | undefined;
}

/** What RNN, LSTM and GRU share: layers and directions around one kind of step. */
export abstract class Recurrent<In, Out> extends Module<In, Out> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** Features of the hidden state where it is projected; 0 where it is not. */
  readonly projSize: number;
  /** For each layer and direction weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 and weight_hr_l0, where they exist. */
  readonly weights: Parameter[];
  private readonly kind: RecurrentKind;

  protected constructor(
    kind: RecurrentKind,
    inputSize: number,
    hiddenSize: number,
    options: RecurrentOptions & { readonly projSize?: number | undefined },
  ) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, dropout: p = 0, bidirectional = false, projSize = 0 } = options;
    const name = this.constructor.name;
    requireSizes(name, { inputSize, hiddenSize, numLayers });
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[${name}] dropout ${p} must lie in [0, 1]`);
    if (!Number.isInteger(projSize) || projSize < 0 || projSize >= hiddenSize) {
      throw new ArgumentError(`[${name}] projSize ${projSize} must be a whole number below hiddenSize ${hiddenSize}`);
    }
    this.kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = p;
    this.bidirectional = bidirectional;
    this.projSize = projSize;
    this.weights = this.places().flatMap(({ layer, reverse }) => {
      const width = layer === 0 ? inputSize : this.outputSize() * this.directionCount();
      const suffix = `l${layer}${reverse ? "_reverse" : ""}`;
      return Object.entries(recurrentShapes(kind, width, hiddenSize, bias, projSize)).map(([key, shape]) =>
        this.registerParameter(`${key}_${suffix}`, recurrentParameter(shape, hiddenSize)),
      );
    });
  }

  /** The outputs of the last layer and, for each of its states, those of all layers and directions after the last step. */
  protected run(
    x: Tensor,
    initial: readonly (Tensor | undefined)[],
    { lengths }: RecurrentInputOptions,
  ): { readonly output: Tensor; readonly states: Tensor[] } {
    const isBatch = x.rank === 3;
    if ((!isBatch && x.rank !== 2) || x.shape.at(-1) !== this.inputSize) {
      const expected = this.batchFirst ? "[batch, steps, " : "[steps, batch, ";
      throw new ShapeError(
        `[${this.constructor.name}] input ${formatShape(x.shape)}: expected ${expected}${this.inputSize}], or [steps, ` +
          `${this.inputSize}] for one sequence`,
      );
    }
    let input = !isBatch ? x.unsqueeze(1) : this.batchFirst ? x.transpose(0, 1) : x;
    const [steps = 0, batch = 0] = input.shape;
    const active = lengths === undefined ? undefined : activeSteps(this.constructor.name, lengths, steps, batch);
    const first = this.initialStates(input, initial, isBatch);
    const last: RecurrentState[] = [];
    const directions = this.directionCount();
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0 && this.training) input = dropout(input, this.dropout);
      const outputs = [false, true].slice(0, directions).map((reverse, direction) => {
        const position = layer * directions + direction;
        const state = first.map((all) => all.at(position)) as [Tensor, ...Tensor[]];
        const [final, ys] = runSteps(this.kind, input, state, this.weightsAt(position), reverse, active);
        last.push(final);
        return ys;
      });
      input = concat(outputs, 2);
    }
    const states = first.map((_, s) => stack(last.map((state) => state[s] ?? state[0])));
    if (!isBatch) return { output: input.squeeze(1), states: states.map((state) => state.squeeze(1)) };
    return { output: this.batchFirst ? input.transpose(0, 1) : input, states };
  }

  private directionCount(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** Features of a hidden state. */
  private outputSize(): number {
    return this.projSize || this.hiddenSize;
  }

  private places(): { layer: number; reverse: boolean }[] {
    return Array.from({ length: this.numLayers }, (_, layer) =>
      [false, true].slice(0, this.directionCount()).map((reverse) => ({ layer, reverse })),
    ).flat();
  }

  private weightsAt(position: number): RecurrentWeights {
    const count = this.weights.length / (this.numLayers * this.directionCount());
    return weightsFrom(this.weights.slice(position * count, (position + 1) * count), this.bias);
  }

  /** Each state of all layers and directions as [layers, batch, features]; zeros where none is given. */
  private initialStates(input: Tensor, given: readonly (Tensor | undefined)[], isBatch: boolean): Tensor[] {
    const [, batch = 0] = input.shape;
    return Array.from({ length: this.kind.states }, (_, s) => {
      const features = s === 0 ? this.outputSize() : this.hiddenSize;
      const shape = [this.numLayers * this.directionCount(), batch, features];
      const state = given[s];
      if (!state) return zeros(shape, { dtype: input.dtype });
      const full = isBatch ? state : state.rank === 2 ? state.unsqueeze(1) : state;
      if (sameShape(full.shape, shape)) return full;
      throw new ShapeError(
        `[${this.constructor.name}] initial state ${formatShape(state.shape)}: expected [layers · directions, batch, ` +
          `features] = ${formatShape(isBatch ? shape : [shape[0] ?? 0, features])}`,
      );
    });
  }

  override describe(): string {
    const { numLayers, bias, batchFirst, dropout: p, bidirectional, projSize } = this;
    const options = Object.entries({ numLayers, bias, batchFirst, dropout: p, bidirectional, projSize });
    const usual = [1, true, false, 0, false, 0];
    const told = options.filter(([, value], i) => value !== usual[i]).map(([key, value]) => `, ${key}: ${String(value)}`);
    return `${this.inputSize}, ${this.hiddenSize}${told.join("")}`;
  }
}

/** The shapes of the weights of one direction of one layer, in PyTorch's order and by its names. */
export function recurrentShapes(
  { gates }: RecurrentKind,
  inputSize: number,
  hiddenSize: number,
  bias: boolean,
  projSize = 0,
): { readonly [name: string]: Shape } {
  const rows = gates * hiddenSize;
  return {
    weight_ih: [rows, inputSize],
    weight_hh: [rows, projSize || hiddenSize],
    ...(bias ? { bias_ih: [rows], bias_hh: [rows] } : {}),
    ...(projSize > 0 ? { weight_hr: [projSize, hiddenSize] } : {}),
  };
}

/** A weight or bias as PyTorch's recurrent layers begin: uniform in ±1/√hiddenSize. */
export function recurrentParameter(shape: Shape, hiddenSize: number): Parameter {
  const bound = 1 / Math.sqrt(hiddenSize);
  return new Parameter(rand(shape, { low: -bound, high: bound }));
}

/** The weights by role, from the order of `recurrentShapes`. */
export function weightsFrom(weights: readonly Tensor[], bias: boolean): RecurrentWeights {
  const [inputWeight, hiddenWeight, ...rest] = weights;
  if (!inputWeight || !hiddenWeight) throw new ArgumentError("[recurrent] a layer lacks its weights");
  const [inputBias, hiddenBias] = bias ? rest : [];
  return { inputWeight, hiddenWeight, inputBias, hiddenBias, projection: bias ? rest[2] : rest[0] };
}

/** Whether step t of sequence b counts: bools [steps, batch, 1]. */
function activeSteps(name: string, lengths: readonly number[] | Tensor, steps: number, batch: number): Tensor {
  if (!(lengths instanceof Tensor)) {
    const wrong = lengths.find((length) => !Number.isInteger(length) || length < 0 || length > steps);
    if (wrong !== undefined)
      throw new ArgumentError(`[${name}] length ${wrong} must be a whole number from 0 to ${steps}, the number of steps`);
  }
  const ends = lengths instanceof Tensor ? lengths : tensor([...lengths], { dtype: "int32" });
  if (!sameShape(ends.shape, [batch]))
    throw new ShapeError(`[${name}] lengths ${formatShape(ends.shape)}: expected one for each of ${batch} sequences`);
  return arange(0, steps, 1, { dtype: "int32" }).unsqueeze([1, 2]).lt(ends.unsqueeze(1));
}

/** The states after the last step and the hidden states of all. */
function runSteps(
  kind: RecurrentKind,
  x: Tensor,
  initial: RecurrentState,
  weights: RecurrentWeights,
  reverse: boolean,
  active: Tensor | undefined,
): [last: RecurrentState, hidden: Tensor] {
  // The products with the inputs do not wait for each other: one for all steps.
  const inputs = linear(x, weights.inputWeight, weights.inputBias);
  return scan(
    (state: RecurrentState, slice: readonly [Tensor, Tensor?]) => {
      const [input, counts] = slice;
      const next = kind.step(input, state, weights);
      if (!counts) return [next, next[0]] as const;
      const kept = next.map((value, s) => where(counts, value, state[s] ?? value)) as [Tensor, ...Tensor[]];
      return [kept, where(counts, next[0], 0)] as const;
    },
    initial,
    active ? [inputs, active] : [inputs],
    { reverse },
  );
}
