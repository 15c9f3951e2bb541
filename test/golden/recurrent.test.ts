import { nn, type Tensor } from "../../src/node.js";
import { layerTests } from "./layer-test.js";

type State = [Tensor, Tensor];

/** Classes whose inputs are all tensors of one list, as the goldens hold them. */
class LSTMFromState extends nn.LSTM {
  override forward(x: Tensor, ...state: never[]): [Tensor, State] {
    return super.forward(x, state as never);
  }
}

class LSTMOfLengths extends nn.LSTM {
  override forward(x: Tensor, lengths: never, ...state: never[]): [Tensor, State] {
    return super.forward(x, state.length > 0 ? (state as never) : undefined, { lengths });
  }
}

class RNNOfLengths extends nn.RNN {
  override forward(x: Tensor, lengths: never, state?: never): [Tensor, Tensor] {
    return super.forward(x, state, { lengths });
  }
}

class GRUOfLengths extends nn.GRU {
  override forward(x: Tensor, lengths: never, state?: never): [Tensor, Tensor] {
    return super.forward(x, state, { lengths });
  }
}

class LSTMCellFromState extends nn.LSTMCell {
  override forward(x: Tensor, ...state: never[]): State {
    return super.forward(x, state as never);
  }
}

const classes = { LSTMFromState, LSTMOfLengths, RNNOfLengths, GRUOfLengths, LSTMCellFromState };

layerTests(
  "recurrent-layers",
  Object.fromEntries(
    Object.entries(classes).map(([name, layer]) => [name, (...args) => Reflect.construct(layer, args) as nn.AnyModule]),
  ),
);
