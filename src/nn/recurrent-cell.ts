import { ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { linear, zeros, type Parameter, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";
import { elman, gru, lstm, type RecurrentKind, type RecurrentState } from "./recurrent-step.js";
import { recurrentParameter, recurrentShapes, weightsFrom } from "./recurrent.js";
import { requireSizes } from "./require-sizes.js";

export interface CellOptions {
  /** Whether b_ih and b_hh are added; true if not given. */
  readonly bias?: boolean | undefined;
}

export interface RNNCellOptions extends CellOptions {
  /** "tanh" if not given. */
  readonly nonlinearity?: "tanh" | "relu" | undefined;
}

/** One step of a recurrent network as a layer of its own. */
abstract class RecurrentCell<In, Out> extends Module<In, Out> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  /** weight_ih, weight_hh and, where they exist, bias_ih and bias_hh. */
  readonly weights: Parameter[];
  private readonly kind: RecurrentKind;

  protected constructor(kind: RecurrentKind, inputSize: number, hiddenSize: number, { bias = true }: CellOptions) {
    super();
    requireSizes(this.constructor.name, { inputSize, hiddenSize });
    this.kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    this.weights = Object.entries(recurrentShapes(kind, inputSize, hiddenSize, bias)).map(([key, shape]) =>
      this.registerParameter(key, recurrentParameter(shape, hiddenSize)),
    );
  }

  protected step(x: Tensor, given: readonly (Tensor | undefined)[]): RecurrentState {
    if (x.rank === 0 || x.rank > 2 || x.shape.at(-1) !== this.inputSize) {
      throw new ShapeError(
        `[${this.constructor.name}] input ${formatShape(x.shape)}: expected [batch, ${this.inputSize}] or [${this.inputSize}]`,
      );
    }
    const shape = [...x.shape.slice(0, -1), this.hiddenSize];
    const stateAt = (s: number): Tensor => {
      const state = given[s] ?? zeros(shape, { dtype: x.dtype });
      if (sameShape(state.shape, shape)) return state;
      throw new ShapeError(`[${this.constructor.name}] state ${formatShape(state.shape)}: expected ${formatShape(shape)}`);
    };
    const weights = weightsFrom(this.weights, this.bias);
    const states = this.kind.states === 2 ? ([stateAt(0), stateAt(1)] as const) : ([stateAt(0)] as const);
    return this.kind.step(linear(x, weights.inputWeight, weights.inputBias), states, weights);
  }

  override describe(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? "" : ", bias: false"}`;
  }
}

/** One step of `RNN`: input [batch, inputSize] and h [batch, hiddenSize], zeros if not given, give the next h. */
export class RNNCell extends RecurrentCell<[input: Tensor, hidden?: Tensor | undefined], Tensor> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(inputSize: number, hiddenSize: number, { nonlinearity = "tanh", ...options }: RNNCellOptions = {}) {
    super(elman(nonlinearity), inputSize, hiddenSize, options);
  }

  /** Throws ShapeError for an input or state that does not fit. */
  forward(input: Tensor, hidden?: Tensor): Tensor {
    return this.step(input, [hidden])[0];
  }
}

/** One step of `LSTM`: input [batch, inputSize] and the pair h, c of [batch, hiddenSize] give the next pair. */
export class LSTMCell extends RecurrentCell<
  [input: Tensor, state?: readonly [hidden: Tensor, cell: Tensor] | undefined],
  [hidden: Tensor, cell: Tensor]
> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(lstm, inputSize, hiddenSize, options);
  }

  /** Throws ShapeError for an input or state that does not fit. */
  forward(input: Tensor, state?: readonly [hidden: Tensor, cell: Tensor]): [hidden: Tensor, cell: Tensor] {
    const [hidden, cell = hidden] = this.step(input, state ?? []);
    return [hidden, cell];
  }
}

/** One step of `GRU`: input [batch, inputSize] and h [batch, hiddenSize], zeros if not given, give the next h. */
export class GRUCell extends RecurrentCell<[input: Tensor, hidden?: Tensor | undefined], Tensor> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(gru, inputSize, hiddenSize, options);
  }

  /** Throws ShapeError for an input or state that does not fit. */
  forward(input: Tensor, hidden?: Tensor): Tensor {
    return this.step(input, [hidden])[0];
  }
}
