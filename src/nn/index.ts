export * from "./activation.js";
export * from "./adaptive-pooling.js";
export { AnyModule, type HookHandle } from "./any-module.js";
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type RunningNormLayerOptions } from "./batch-norm.js";
export { Conv1d, Conv2d, Conv3d, type ConvLayerOptions } from "./conv.js";
export { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, type ConvTransposeLayerOptions } from "./conv-transpose.js";
export * from "./dropout.js";
export { Embedding, type EmbeddingLayerOptions } from "./embedding.js";
export { Flatten, Unflatten } from "./flatten.js";
export { functionalCall } from "./functional-call.js";
export * as init from "./init.js";
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from "./instance-norm.js";
export { Bilinear, Linear, type LinearOptions } from "./linear.js";
export { Loss, type Factors, type Pair, type WithFactors } from "./loss.js";
export * from "./loss-classification.js";
export * from "./loss-functions.js";
export * from "./loss-pairs.js";
export * from "./loss-regression.js";
export { Module, type ForwardHook, type ForwardPreHook, type Inputs } from "./module.js";
export * from "./normalization.js";
export * from "./padding.js";
export { PixelShuffle, PixelUnshuffle } from "./pixel-shuffle.js";
export * from "./pooling.js";
export * from "./softmax.js";
export { ModuleList, Sequential, type NamedLayers } from "./sequential.js";
export { Upsample } from "./upsample.js";
export { StateDictError, type LoadOptions, type LoadResult, type StateDict } from "../tensor/state-dict.js";
export { GRU, LSTM, RNN, type LSTMOptions, type RNNOptions } from "./rnn.js";
export type { Recurrent, RecurrentInputOptions, RecurrentOptions } from "./recurrent.js";
export { GRUCell, LSTMCell, RNNCell, type CellOptions, type RNNCellOptions } from "./recurrent-cell.js";
export {
  MultiHeadAttention,
  type AttentionMasks,
  type MultiHeadAttentionInputOptions,
  type MultiHeadAttentionOptions,
} from "./multi-head-attention.js";
export { ModuleDict } from "./module-dict.js";
export { ParameterDict, ParameterList } from "./parameter-list.js";
export { TransformerDecoderLayer, TransformerEncoderLayer, type DecoderMasks, type EncoderMasks, type TransformerLayerOptions } from "./transformer-layers.js";
export { Transformer, TransformerDecoder, TransformerEncoder, type TransformerOptions, type TransformerStackOptions } from "./transformer.js";
export { captureActivations, captureGradients, type NamedTensors } from "./capture.js";
export {
  LearnedPositionEncoding,
  RotaryPositionEncoding,
  SinusoidalPositionEncoding,
  type PositionEncodingOptions,
} from "./position-encoding.js";
export { AdditiveAttention, DotAttention, type DotAttentionOptions, type Seq2seqAttentionOptions } from "./seq2seq-attention.js";
export type { InputLike, ModelSummary, SummaryOptions, SummaryRow } from "./summary.js";
