import { arange, Parameter, where, type Tensor } from "../tensor/index.js";
import { namedStates } from "./any-module.js";
import { xavierUniform } from "./init.js";
import { Module } from "./module.js";
import { LayerNorm } from "./normalization.js";
import { requireSizes } from "./require-sizes.js";
import { ModuleList } from "./sequential.js";
import {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type DecoderMasks,
  type EncoderMasks,
  type TransformerLayerOptions,
} from "./transformer-layers.js";

export interface TransformerStackOptions {
  /** Applied to the last layer's output. */
  readonly norm?: Module<Tensor, Tensor> | undefined;
}

/** numLayers copies of an encoder layer, one after another, and a norm if one is given. */
export class TransformerEncoder extends Module<[src: Tensor, masks?: EncoderMasks], Tensor> {
  layers: ModuleList<TransformerEncoderLayer>;
  norm: Module<Tensor, Tensor> | undefined;

  /** The copies begin with the layer's values, as PyTorch's do. Throws ArgumentError. */
  constructor(encoderLayer: TransformerEncoderLayer, numLayers: number, { norm }: TransformerStackOptions = {}) {
    super();
    requireSizes("TransformerEncoder", { numLayers });
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => encoderLayer.clone()));
    this.norm = norm;
  }

  /** Throws ShapeError, DTypeError. */
  forward(src: Tensor, masks: EncoderMasks = {}): Tensor {
    const output = [...this.layers].reduce((x, layer) => layer.forward(x, masks), src);
    return this.norm ? this.norm.forward(output) : output;
  }
}

/** numLayers copies of a decoder layer, one after another, and a norm if one is given. */
export class TransformerDecoder extends Module<[tgt: Tensor, memory: Tensor, masks?: DecoderMasks], Tensor> {
  layers: ModuleList<TransformerDecoderLayer>;
  norm: Module<Tensor, Tensor> | undefined;

  /** The copies begin with the layer's values, as PyTorch's do. Throws ArgumentError. */
  constructor(decoderLayer: TransformerDecoderLayer, numLayers: number, { norm }: TransformerStackOptions = {}) {
    super();
    requireSizes("TransformerDecoder", { numLayers });
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => decoderLayer.clone()));
    this.norm = norm;
  }

  /** Throws ShapeError, DTypeError. */
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const output = [...this.layers].reduce((x, layer) => layer.forward(x, memory, masks), tgt);
    return this.norm ? this.norm.forward(output) : output;
  }
}

export interface TransformerOptions extends TransformerLayerOptions {
  /** 6 if not given. */
  readonly numEncoderLayers?: number | undefined;
  /** 6 if not given. */
  readonly numDecoderLayers?: number | undefined;
}

/**
 * decoder(tgt, encoder(src)): src [S, batch, dModel] and tgt [L, batch, dModel] (batch first if so asked) give [L, batch,
 * dModel]. Both stacks end with a norm; all matrices begin Xavier-uniform. Vaswani et al. 2017.
 */
export class Transformer extends Module<[src: Tensor, tgt: Tensor, masks?: EncoderMasks & DecoderMasks], Tensor> {
  encoder: TransformerEncoder;
  decoder: TransformerDecoder;

  /** Throws ArgumentError for sizes that do not fit and a dropout outside [0, 1]. */
  constructor(dModel = 512, nhead = 8, options: TransformerOptions = {}) {
    super();
    const { numEncoderLayers = 6, numDecoderLayers = 6, ...rest } = options;
    const norm = (): LayerNorm => new LayerNorm(dModel, { eps: rest.layerNormEps, bias: rest.bias });
    const encoderLayer = new TransformerEncoderLayer(dModel, nhead, rest);
    this.encoder = new TransformerEncoder(encoderLayer, numEncoderLayers, { norm: norm() });
    const decoderLayer = new TransformerDecoderLayer(dModel, nhead, rest);
    this.decoder = new TransformerDecoder(decoderLayer, numDecoderLayers, { norm: norm() });
    for (const { state, holder, key } of namedStates(this))
      if (state.rank > 1) Reflect.set(holder, key, new Parameter(xavierUniform(state.shape)));
  }

  /** −∞ above the diagonal and 0 elsewhere, [size, size]: step i sees the steps 0 … i. */
  static generateSquareSubsequentMask(size: number): Tensor {
    const steps = arange(size);
    return where(steps.unsqueeze(0).gt(steps.unsqueeze(1)), -Infinity, 0);
  }

  /** Throws ShapeError, DTypeError. */
  forward(src: Tensor, tgt: Tensor, masks: EncoderMasks & DecoderMasks = {}): Tensor {
    return this.decoder.forward(tgt, this.encoder.forward(src, masks), masks);
  }
}
