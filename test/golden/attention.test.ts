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

class MaskedEncoder extends nn.TransformerEncoderLayer {
  override forward(x: Tensor, srcKeyPaddingMask: unknown, srcMask?: Tensor): Tensor {
    return super.forward(x, { srcMask, srcKeyPaddingMask: srcKeyPaddingMask as Tensor });
  }
}

class CausalDecoder extends nn.TransformerDecoderLayer {
  override forward(x: Tensor, memory: Tensor, memoryKeyPaddingMask: unknown): Tensor {
    return super.forward(x, memory, { memoryKeyPaddingMask: memoryKeyPaddingMask as Tensor, tgtCausal: true });
  }
}

class CausalTransformer extends nn.Transformer {
  override forward(src: Tensor, tgt: Tensor): Tensor {
    return super.forward(src, tgt, { tgtMask: nn.Transformer.generateSquareSubsequentMask(tgt.shape[1] ?? 0) });
  }
}

const small = { dimFeedforward: 5, dropout: 0 };

class EncoderStack extends nn.TransformerEncoder {
  constructor() {
    super(new nn.TransformerEncoderLayer(4, 1, small), 2);
  }
}

class DecoderStack extends nn.TransformerDecoder {
  constructor() {
    super(new nn.TransformerDecoderLayer(4, 1, small), 1, { norm: new nn.LayerNorm(4) });
  }
}

class MaskedAdditive extends nn.AdditiveAttention {
  override forward(query: Tensor, keys: Tensor, mask: unknown): [Tensor, Tensor] {
    return super.forward(query, keys, { mask: mask as Tensor });
  }
}

const classes = {
  MaskedAdditive,
  SelfAttention,
  PerHead,
  WithoutWeights,
  MaskedEncoder,
  CausalDecoder,
  Transformer: CausalTransformer,
  TransformerEncoder: EncoderStack,
  TransformerDecoder: DecoderStack,
};

const builders: LayerBuilders = Object.fromEntries(
  Object.entries(classes).map(([name, layer]) => [name, (...args) => Reflect.construct(layer, args) as nn.AnyModule]),
);

layerTests("attention-layers", builders);
