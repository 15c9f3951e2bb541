import { beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { concat, noGrad, setDefaultDevice, tensor, type Tensor } from "../index.js";
import * as nn from "../nn/index.js";
import { Bert, Gpt2LanguageModel } from "./index.js";

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

const sizes = { layers: 1, heads: 2, width: 8, vocabulary: 11, positions: 6, dropout: 0 };
const idsOf = (...numbers: readonly number[]): Tensor => tensor(Int32Array.from(numbers), { shape: [2, 4] });
const sentences = (): Tensor => idsOf(1, 5, 10, 2, 3, 7, 4, 0);

/** Another state, in which no norm is the identity. */
function disturb(model: nn.AnyModule): nn.StateDict {
  const other = Object.entries(model.stateDict()).map(([name, value]) => [name, value.rank === 1 ? nn.init.normal(value.shape, 0.5, 0.5) : value]);
  model.loadStateDict(Object.fromEntries(other) as nn.StateDict);
  return model.stateDict();
}

function at(state: nn.StateDict, name: string): Tensor {
  const found = state[name];
  if (!found) throw new RangeError(`no ${name} among ${Object.keys(state).join(", ")}`);
  return found;
}

async function expectSame(got: Tensor, wanted: Tensor): Promise<void> {
  const [a, b] = [await got.data(), await wanted.data()];
  expect(a.length).toBe(b.length);
  expect(Math.max(...Array.from(b, (x, i) => Math.abs(Number(x) - Number(a[i]))))).toBeLessThan(1e-5);
}

/** The state of `nn.TransformerEncoderLayer`, which is compared with PyTorch's, from parts of another. */
function encoderState(parts: Record<string, Tensor>, norms: readonly [string, string], state: nn.StateDict, prefix: string): nn.StateDict {
  const own = norms.flatMap((name, i) => ["weight", "bias"].map((kind) => [`norm${i + 1}.${kind}`, at(state, `${prefix}${name}.${kind}`)] as const));
  return { ...parts, ...Object.fromEntries(own) };
}

test("GPT-2 is pre-norm layers that see what lies before, with the embedding's weights as its head", async () => {
  const model = new Gpt2LanguageModel(sizes).eval();
  const state = disturb(model);
  const h = (name: string): Tensor => at(state, `transformer.h.0.${name}`);
  const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 32, normFirst: true, batchFirst: true, activation: (x) => x.gelu({ approximate: "tanh" }) });
  const parts: Record<string, Tensor> = {};
  const targets = { "self_attn.in_proj_": "attn.c_attn", "self_attn.out_proj.": "attn.c_proj", "linear1.": "mlp.c_fc", "linear2.": "mlp.c_proj" };
  for (const [target, source] of Object.entries(targets)) {
    parts[`${target}weight`] = h(`${source}.weight`).transpose(0, 1);
    parts[`${target}bias`] = h(`${source}.bias`);
  }
  layer.eval().loadStateDict(encoderState(parts, ["ln_1", "ln_2"], state, "transformer.h.0."));
  const ids = sentences();
  const words = at(state, "transformer.wte.weight");
  const embedded = words.at(ids).add(at(state, "transformer.wpe.weight").at("0:4"));
  const wanted = noGrad(() => {
    const last = layer.forward(embedded, { srcCausal: true });
    const centred = last.sub(last.mean(-1, { keepdims: true }));
    const normed = centred.div(centred.square().mean(-1, { keepdims: true }).add(1e-5).sqrt());
    return normed.mul(at(state, "transformer.ln_f.weight")).add(at(state, "transformer.ln_f.bias")).matmul(words.transpose(0, 1));
  });
  await expectSame(noGrad(() => model.forward(ids)), wanted);
  expect(at(state, "lm_head.weight").shape).toEqual([11, 8]);
});

test("BERT is post-norm layers that do not see padding", async () => {
  const model = new Bert({ ...sizes, intermediate: 16, tokenTypes: 2 }).eval();
  const state = disturb(model);
  const inner = (name: string): Tensor => at(state, `encoder.layer.0.${name}`);
  const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true, activation: "gelu", layerNormEps: 1e-12 });
  const parts: Record<string, Tensor> = {};
  for (const kind of ["weight", "bias"]) {
    parts[`self_attn.in_proj_${kind}`] = concat(["query", "key", "value"].map((name) => inner(`attention.self.${name}.${kind}`)));
    parts[`self_attn.out_proj.${kind}`] = inner(`attention.output.dense.${kind}`);
    parts[`linear1.${kind}`] = inner(`intermediate.dense.${kind}`);
    parts[`linear2.${kind}`] = inner(`output.dense.${kind}`);
  }
  layer.eval().loadStateDict(encoderState(parts, ["attention.output.LayerNorm", "output.LayerNorm"], state, "encoder.layer.0."));
  const attentionMask = tensor([[1, 1, 1, 1], [1, 1, 0, 0]]);
  const tokenTypeIds = idsOf(0, 0, 1, 1, 0, 0, 0, 0);
  const ids = sentences();
  const norm = new nn.LayerNorm(8, { eps: 1e-12 });
  norm.loadStateDict({ weight: at(state, "embeddings.LayerNorm.weight"), bias: at(state, "embeddings.LayerNorm.bias") });
  const embedding = (name: string): Tensor => at(state, `embeddings.${name}_embeddings.weight`);
  const { hidden, pooled } = noGrad(() => model.forward(ids, { attentionMask, tokenTypeIds }));
  const wanted = noGrad(() => {
    const summed = embedding("word").at(ids).add(embedding("token_type").at(tokenTypeIds)).add(embedding("position").at("0:4"));
    return layer.forward(norm.forward(summed), { srcKeyPaddingMask: attentionMask.eq(0) });
  });
  await expectSame(hidden, wanted);
  await expectSame(pooled, wanted.at(":", 0).matmul(at(state, "pooler.dense.weight").transpose(0, 1)).add(at(state, "pooler.dense.bias")).tanh());
});
