import { nn, type Tensor } from "../../src/node.js";
import { layerTests, type LayerBuilders } from "./layer-test.js";

type Result = [Tensor, Tensor | undefined];

/** Classes whose inputs are all tensors of one list, as the goldens hold them. */
class SelfAttention extends nn.MultiHeadAttention {
  override forward(x: Tensor, keyPaddingMask?: Tensor, attnMask?: Tensor): Result {
    return super.forward(x, x, x, { keyPaddingMask, attnMask });
  }
}

class PerHead extends nn.MultiHeadAttention {
  override forward(query: Tensor, key: Tensor, attnMask: Tensor): Result {
    return super.forward(query, key, key, { attnMask, averageAttnWeights: false });
  }
}

class WithoutWeights extends nn.MultiHeadAttention {
  override forward(query: Tensor, key: Tensor, value: Tensor): Result {
    return super.forward(query, key, value, { needWeights: false });
  }
}

const classes = { SelfAttention, PerHead, WithoutWeights };

const builders: LayerBuilders = Object.fromEntries(
  Object.entries(classes).map(([name, layer]) => [name, (...args) => Reflect.construct(layer, args) as nn.AnyModule]),
);

layerTests("attention-layers", builders);
