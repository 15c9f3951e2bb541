import { linear, type Tensor } from "../tensor/index.js";

/** The tensors of one direction of one layer. */
export interface RecurrentWeights {
  readonly inputWeight: Tensor;
  readonly hiddenWeight: Tensor;
  readonly inputBias: Tensor | undefined;
  readonly hiddenBias: Tensor | undefined;
  /** Maps the hidden state of an LSTM to fewer features. */
  readonly projection: Tensor | undefined;
}

/** What a step carries: the hidden state first. */
export type RecurrentState = readonly [hidden: Tensor, ...rest: Tensor[]];

/**
 * A kind of recurrent network: how many vectors of the hidden size the weights give, how many states are carried, and
 * one step, which takes `input` = W_ih·x + b_ih of all gates.
 */
export interface RecurrentKind {
  readonly gates: number;
  readonly states: number;
  step(input: Tensor, state: RecurrentState, weights: RecurrentWeights): RecurrentState;
}

function recurrent(hidden: Tensor, { hiddenWeight, hiddenBias }: RecurrentWeights): Tensor {
  return linear(hidden, hiddenWeight, hiddenBias);
}

/** h' = f(W_ih·x + b_ih + W_hh·h + b_hh), f being tanh or relu. Elman 1990. */
export function elman(nonlinearity: "tanh" | "relu"): RecurrentKind {
  return {
    gates: 1,
    states: 1,
    step: (input, [h], weights) => [input.add(recurrent(h, weights))[nonlinearity]()],
  };
}

/**
 * c' = σ(f)·c + σ(i)·tanh(g) and h' = σ(o)·tanh(c'), where i, f, g, o are the quarters of W_ih·x + b_ih + W_hh·h + b_hh;
 * with a projection h' = W_hr·(σ(o)·tanh(c')). Hochreiter and Schmidhuber 1997, Gers et al. 2000, Sak et al. 2014.
 */
export const lstm: RecurrentKind = {
  gates: 4,
  states: 2,
  step: (input, [h, cell = h], weights) => {
    const gate = parts(input.add(recurrent(h, weights)), 4);
    const next = gate(1).sigmoid().mul(cell).add(gate(0).sigmoid().mul(gate(2).tanh()));
    const hidden = gate(3).sigmoid().mul(next.tanh());
    return [weights.projection ? linear(hidden, weights.projection) : hidden, next];
  },
};

/**
 * h' = (1 − z)·n + z·h with r = σ(a_r + b_r), z = σ(a_z + b_z), n = tanh(a_n + r·b_n), where a are the thirds of
 * W_ih·x + b_ih and b those of W_hh·h + b_hh. Cho et al. 2014, with the reset after the product as in cuDNN and PyTorch.
 */
export const gru: RecurrentKind = {
  gates: 3,
  states: 1,
  step: (input, [h], weights) => {
    const a = parts(input, 3);
    const b = parts(recurrent(h, weights), 3);
    const r = a(0).add(b(0)).sigmoid();
    const z = a(1).add(b(1)).sigmoid();
    const n = a(2).add(r.mul(b(2))).tanh();
    return [n.add(z.mul(h.sub(n)))];
  },
};

/** Part k of the last axis, which has `count` equal parts. */
function parts(x: Tensor, count: number): (k: number) => Tensor {
  const size = (x.shape.at(-1) ?? 0) / count;
  return (k) => x.at("...", `${k * size}:${(k + 1) * size}`);
}
