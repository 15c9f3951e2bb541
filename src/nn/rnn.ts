import type { Tensor } from "../tensor/index.js";
import { elman, gru, lstm } from "./recurrent-step.js";
import { Recurrent, type RecurrentInputOptions, type RecurrentOptions } from "./recurrent.js";

export interface RNNOptions extends RecurrentOptions {
  /** "tanh" if not given. */
  readonly nonlinearity?: "tanh" | "relu" | undefined;
}

export interface LSTMOptions extends RecurrentOptions {
  /** Features to which each hidden state is mapped by a matrix of its own; 0 (none) if not given. */
  readonly projSize?: number | undefined;
}

type Inputs<State> = [input: Tensor, state?: State | undefined, options?: RecurrentInputOptions];

/**
 * h' = f(W_ih·x + b_ih + W_hh·h + b_hh) over the steps of sequences, f being tanh or relu. Input [steps, batch,
 * inputSize] (batch first if so asked; [steps, inputSize] for one sequence) and h₀ [layers · directions, batch,
 * hiddenSize] (zeros if not given) give the last layer's outputs [steps, batch, directions · hiddenSize] and the final h
 * of all layers. Parameters begin uniform in ±1/√hiddenSize. Elman 1990.
 */
export class RNN extends Recurrent<Inputs<Tensor>, [output: Tensor, hidden: Tensor]> {
  readonly nonlinearity: "tanh" | "relu";

  /** Throws ArgumentError for sizes that are no whole numbers above 0 and a dropout outside [0, 1]. */
  constructor(inputSize: number, hiddenSize: number, { nonlinearity = "tanh", ...options }: RNNOptions = {}) {
    super(elman(nonlinearity), inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  /** Throws ShapeError for an input or state that does not fit, ArgumentError for a length outside [0, steps]. */
  forward(input: Tensor, state?: Tensor, options: RecurrentInputOptions = {}): [output: Tensor, hidden: Tensor] {
    const { output, states } = this.run(input, [state], options);
    return [output, states[0] ?? output];
  }

  override describe(): string {
    return super.describe() + (this.nonlinearity === "tanh" ? "" : `, nonlinearity: "${this.nonlinearity}"`);
  }
}

/**
 * c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c') over the steps of sequences, where i, f, g, o are the quarters of
 * W_ih·x + b_ih + W_hh·h + b_hh. Takes and gives what RNN does, with the pair of h and c as its state; with projSize the
 * hidden states are W_hr·h' and have that many features. Hochreiter and Schmidhuber 1997, Gers et al. 2000.
 */
export class LSTM extends Recurrent<
  Inputs<readonly [hidden: Tensor, cell: Tensor]>,
  [output: Tensor, state: [hidden: Tensor, cell: Tensor]]
> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0 and a dropout outside [0, 1]. */
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super(lstm, inputSize, hiddenSize, options);
  }

  /** Throws ShapeError for an input or state that does not fit, ArgumentError for a length outside [0, steps]. */
  forward(
    input: Tensor,
    state?: readonly [hidden: Tensor, cell: Tensor],
    options: RecurrentInputOptions = {},
  ): [output: Tensor, state: [hidden: Tensor, cell: Tensor]] {
    const { output, states } = this.run(input, state ?? [], options);
    return [output, [states[0] ?? output, states[1] ?? output]];
  }
}

/**
 * h' = (1 − z)·n + z·h over the steps of sequences, with r = σ(a_r + b_r), z = σ(a_z + b_z), n = tanh(a_n + r·b_n), where
 * a and b are the thirds of W_ih·x + b_ih and W_hh·h + b_hh. Takes and gives what RNN does. Cho et al. 2014.
 */
export class GRU extends Recurrent<Inputs<Tensor>, [output: Tensor, hidden: Tensor]> {
  /** Throws ArgumentError for sizes that are no whole numbers above 0 and a dropout outside [0, 1]. */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(gru, inputSize, hiddenSize, options);
  }

  /** Throws ShapeError for an input or state that does not fit, ArgumentError for a length outside [0, steps]. */
  forward(input: Tensor, state?: Tensor, options: RecurrentInputOptions = {}): [output: Tensor, hidden: Tensor] {
    const { output, states } = this.run(input, [state], options);
    return [output, states[0] ?? output];
  }
}
