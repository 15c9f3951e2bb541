import * as nn from "../nn/index.js";
import { concat, Parameter, type Tensor } from "../tensor/index.js";

export interface VisionTransformerSizes {
  /** Pixels of an image's side. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly hiddenDim: number;
  /** Features between the two linear maps of a layer. */
  readonly mlpDim: number;
  readonly classes: number;
}

const eps = 1e-6;

/** Self-attention and a feed-forward network, each behind a norm and beside a shortcut. */
class EncoderBlock extends nn.Module<Tensor, Tensor> {
  ln_1: nn.LayerNorm;
  selfAttention: nn.MultiHeadAttention;
  ln_2: nn.LayerNorm;
  mlp: nn.Sequential;

  constructor({ hiddenDim, heads, mlpDim }: VisionTransformerSizes) {
    super();
    this.ln_1 = new nn.LayerNorm(hiddenDim, { eps });
    this.selfAttention = new nn.MultiHeadAttention(hiddenDim, heads, { batchFirst: true });
    this.ln_2 = new nn.LayerNorm(hiddenDim, { eps });
    const [up, down] = [new nn.Linear(hiddenDim, mlpDim), new nn.Linear(mlpDim, hiddenDim)];
    for (const layer of [up, down]) {
      layer.weight = new Parameter(nn.init.xavierUniform(layer.weight.shape));
      layer.bias = new Parameter(nn.init.normal([layer.outFeatures], 0, 1e-6));
    }
    // Without dropout, whose places the numbers of the layers keep.
    this.mlp = new nn.Sequential(up, new nn.GELU(), new nn.Dropout(0), down, new nn.Dropout(0));
  }

  override forward(x: Tensor): Tensor {
    const normed = this.ln_1.forward(x);
    const y = x.add(this.selfAttention.forward(normed, normed, normed, { needWeights: false })[0]);
    return y.add(this.mlp.forward(this.ln_2.forward(y)));
  }
}

class Encoder extends nn.Module<Tensor, Tensor> {
  posEmbedding: Parameter;
  layers: nn.Sequential;
  ln: nn.LayerNorm;

  constructor(sizes: VisionTransformerSizes) {
    super();
    const { imageSize, patchSize, layers, hiddenDim } = sizes;
    this.posEmbedding = new Parameter(nn.init.normal([1, (imageSize / patchSize) ** 2 + 1, hiddenDim], 0, 0.02));
    const blocks = Array.from({ length: layers }, (_, i) => [`encoder_layer_${i}`, new EncoderBlock(sizes)]);
    this.layers = new nn.Sequential(Object.fromEntries(blocks) as nn.NamedLayers);
    this.ln = new nn.LayerNorm(hiddenDim, { eps });
  }

  override forward(x: Tensor): Tensor {
    return this.ln.forward(this.layers.forward(x.add(this.posEmbedding)));
  }
}

/**
 * Vision transformer (Dosovitskiy et al. 2020), with the names and shapes of torchvision's `vit_b_16`, the default:
 * 86,567,656 parameters for 1,000 classes, and with `patchSize: 32` of `vit_b_32`: 88,224,232.
 */
export class VisionTransformer extends nn.Module<Tensor, Tensor> {
  classToken: Parameter;
  convProj: nn.Conv2d;
  encoder: Encoder;
  heads: nn.Sequential;

  constructor(sizes: Partial<VisionTransformerSizes> = {}) {
    super();
    const base = { imageSize: 224, patchSize: 16, layers: 12, heads: 12, hiddenDim: 768, mlpDim: 3072, classes: 1000 };
    const all = { ...base, ...sizes };
    const { patchSize, hiddenDim, classes } = all;
    this.classToken = new Parameter(nn.init.zeros([1, 1, hiddenDim]));
    this.convProj = new nn.Conv2d(3, hiddenDim, patchSize, { stride: patchSize });
    const std = 1 / Math.sqrt(3 * patchSize ** 2);
    this.convProj.weight = new Parameter(nn.init.truncNormal(this.convProj.weight.shape, { std }));
    this.convProj.bias = new Parameter(nn.init.zeros([hiddenDim]));
    this.encoder = new Encoder(all);
    const head = new nn.Linear(hiddenDim, classes);
    head.weight = new Parameter(nn.init.zeros([classes, hiddenDim]));
    head.bias = new Parameter(nn.init.zeros([classes]));
    this.heads = new nn.Sequential({ head });
  }

  /** Images `[B, 3, imageSize, imageSize]` to logits `[B, classes]`. Throws ShapeError for images of another size. */
  override forward(images: Tensor): Tensor {
    const patches = this.convProj.forward(images).flatten(2).transpose(1, 2); // (B, patches, hiddenDim)
    const token = this.classToken.expand(images.shape[0] ?? 1, 1, -1);
    return this.heads.forward(this.encoder.forward(concat([token, patches], 1)).at(":", 0));
  }
}
