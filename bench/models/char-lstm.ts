import * as nn from "../../src/nn/index.js";
import { linear, Parameter, rand, scan, zeros, type Tensor } from "../../src/node.js";

/** Hidden state and cell. */
type State = [hidden: Tensor, cell: Tensor];

/** One layer of long short-term memory (Hochreiter and Schmidhuber 1997) from zero state: [B, T, in] to [B, T, hidden]. */
export class Lstm extends nn.Module<Tensor, Tensor> {
  readonly hidden: number;
  inputWeight: Parameter;
  hiddenWeight: Parameter;
  inputBias: Parameter;
  hiddenBias: Parameter;

  constructor(inputs: number, hidden: number) {
    super();
    this.hidden = hidden;
    const bound = 1 / Math.sqrt(hidden);
    const draw = (name: string, ...shape: readonly number[]): Parameter =>
      this.registerParameter(name, new Parameter(rand(shape, { low: -bound, high: bound })));
    this.inputWeight = draw("weight_ih_l0", 4 * hidden, inputs);
    this.hiddenWeight = draw("weight_hh_l0", 4 * hidden, hidden);
    this.inputBias = draw("bias_ih_l0", 4 * hidden);
    this.hiddenBias = draw("bias_hh_l0", 4 * hidden);
  }

  forward(x: Tensor): Tensor {
    // What the inputs contribute does not depend on the state: one product for all steps.
    const fromInputs = linear(x, this.inputWeight, this.inputBias.add(this.hiddenBias)).transpose(0, 1);
    const state = zeros([x.shape[0] ?? 1, this.hidden]);
    const [, outputs] = scan(([h, c]: State, gates: Tensor) => this.cell(gates, h, c), [state, state], fromInputs);
    return outputs.transpose(0, 1);
  }

  /** The next state, and the output, which is the hidden state. */
  private cell(fromInput: Tensor, h: Tensor, c: Tensor): [State, Tensor] {
    const [i, f, g, o] = fromInput.add(linear(h, this.hiddenWeight)).chunk(4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const cell = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
    const hidden = o.sigmoid().mul(cell.tanh());
    return [[hidden, cell], hidden];
  }
}

/** A character model: ids [B, T] to logits [B·T, vocabulary]. */
export class CharLstm extends nn.Module<Tensor, Tensor> {
  embedding: nn.Embedding;
  lstm: Lstm;
  head: nn.Linear;

  constructor(vocabulary: number, features: number, hidden: number) {
    super();
    this.embedding = new nn.Embedding(vocabulary, features);
    this.lstm = new Lstm(features, hidden);
    this.head = new nn.Linear(hidden, vocabulary);
  }

  forward(ids: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(this.embedding.forward(ids))).flatten(0, 1);
  }
}
