import { describe, expect, it } from "vitest";
import { useReference } from "../../test/values.js";
import { randn, type Tensor } from "../tensor/index.js";
import { Transformer, TransformerEncoder, TransformerEncoderLayer } from "./index.js";

useReference();

describe("transformers", () => {
  it("have PyTorch's names", () => {
    const names = Object.keys(new Transformer(4, 2, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 3 }).stateDict());
    const attention = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"];
    const pairs = (...of: string[]): string[] => of.flatMap((name) => [`${name}.weight`, `${name}.bias`]);
    const inside = (path: string, list: string[]): string[] => list.map((name) => `${path}.${name}`);
    expect(names).toEqual([
      ...inside("encoder.layers.0", [...inside("self_attn", attention), ...pairs("linear1", "linear2", "norm1", "norm2")]),
      ...pairs("encoder.norm"),
      ...inside("decoder.layers.0", [
        ...inside("self_attn", attention),
        ...inside("multihead_attn", attention),
        ...pairs("linear1", "linear2", "norm1", "norm2", "norm3"),
      ]),
      ...pairs("decoder.norm"),
    ]);
  });

  it("stack copies that begin alike in an encoder, and unlike in a Transformer", async () => {
    const encoder = new TransformerEncoder(new TransformerEncoderLayer(4, 2, { dimFeedforward: 3 }), 2);
    const weights = async (layers: Iterable<TransformerEncoderLayer>): Promise<unknown[]> =>
      Promise.all([...layers].map((layer) => layer.linear1.weight.data()));
    const [a, b] = await weights(encoder.layers);
    expect(a).toEqual(b);
    const { layers } = new Transformer(4, 2, { numEncoderLayers: 2, numDecoderLayers: 1, dimFeedforward: 3 }).encoder;
    const [c, d] = await weights(layers);
    expect(c).not.toEqual(d);
  });

  it("see the same with a causal flag and with a mask", async () => {
    const layer = new TransformerEncoderLayer(4, 2, { dimFeedforward: 3 }).eval();
    const x = randn([5, 2, 4]);
    const masked = layer.forward(x, { srcMask: Transformer.generateSquareSubsequentMask(5) });
    const [a, b] = [await layer.forward(x, { srcCausal: true }).data(), await masked.data()];
    a.forEach((v, i) => expect(v).toBeCloseTo(b[i] ?? NaN, 6));
  });

  it("take any activation, and drop in training only", async () => {
    const layer = new TransformerEncoderLayer(4, 2, { activation: (x: Tensor) => x.silu(), dropout: 0.5 });
    const x = randn([5, 2, 4]);
    expect(await layer.forward(x).data()).not.toEqual(await layer.forward(x).data());
    layer.eval();
    expect(await layer.forward(x).data()).toEqual(await layer.forward(x).data());
    expect(() => new TransformerEncoderLayer(4, 2, { activation: "swish" as "relu" })).toThrow('must be "relu", "gelu"');
  });
});
