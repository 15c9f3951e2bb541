import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { setDefaultDevice, type Shape } from "../index.js";
import type { InputLike, Module } from "../nn/index.js";
import names from "../../test/golden/model-names.json" with { type: "json" };
import * as models from "./index.js";

beforeAll(() => setDefaultDevice(new ReferenceBackend()));

interface Case {
  readonly make: () => Pick<Module, "summary" | "parameters" | "stateDict">;
  /** As published. */
  readonly parameters: number;
  readonly input: InputLike;
  readonly output: Shape;
}

const image = (size: number): Shape => [2, 3, size, size];
const ids = { shape: [2, 5], dtype: "int32" } as const;

const cases: Record<string, Case> = {
  alexnet: { make: () => new models.AlexNet(), parameters: 61_100_840, input: image(63), output: [2, 1000] },
  vgg11: { make: () => new models.Vgg(11), parameters: 132_863_336, input: image(32), output: [2, 1000] },
  vgg13: { make: () => new models.Vgg(13), parameters: 133_047_848, input: image(32), output: [2, 1000] },
  vgg16: { make: () => new models.Vgg(16), parameters: 138_357_544, input: image(32), output: [2, 1000] },
  vgg19: { make: () => new models.Vgg(19), parameters: 143_667_240, input: image(32), output: [2, 1000] },
  resnet18: { make: () => new models.ResNet(18), parameters: 11_689_512, input: image(64), output: [2, 1000] },
  resnet34: { make: () => new models.ResNet(34), parameters: 21_797_672, input: image(64), output: [2, 1000] },
  resnet50: { make: () => new models.ResNet(50), parameters: 25_557_032, input: image(64), output: [2, 1000] },
  resnet101: { make: () => new models.ResNet(101), parameters: 44_549_160, input: image(64), output: [2, 1000] },
  resnet152: { make: () => new models.ResNet(152), parameters: 60_192_808, input: image(64), output: [2, 1000] },
  mobilenet_v1: { make: () => new models.MobileNetV1(), parameters: 4_231_976, input: image(64), output: [2, 1000] },
  mobilenet_v2: { make: () => new models.MobileNetV2(), parameters: 3_504_872, input: image(64), output: [2, 1000] },
  squeezenet1_0: { make: () => new models.SqueezeNet("1.0"), parameters: 1_248_424, input: image(64), output: [2, 1000] },
  squeezenet1_1: { make: () => new models.SqueezeNet("1.1"), parameters: 1_235_496, input: image(64), output: [2, 1000] },
  googlenet: { make: () => new models.GoogLeNet({ auxiliary: true }), parameters: 13_004_888, input: image(64), output: [2, 1000] },
  "googlenet without heads": { make: () => new models.GoogLeNet(), parameters: 6_624_904, input: image(64), output: [2, 1000] },
  inception_v3: { make: () => new models.InceptionV3(), parameters: 27_161_264, input: image(75), output: [2, 1000] },
  mobilenet_v3_large: { make: () => new models.MobileNetV3(), parameters: 5_483_032, input: image(64), output: [2, 1000] },
  efficientnet_b0: { make: () => new models.EfficientNetB0(), parameters: 5_288_548, input: image(64), output: [2, 1000] },
  densenet121: { make: () => new models.DenseNet121(), parameters: 7_978_856, input: image(64), output: [2, 1000] },
  vit_b_16: { make: () => new models.VisionTransformer(), parameters: 86_567_656, input: image(224), output: [2, 1000] },
  vit_b_32: { make: () => new models.VisionTransformer({ patchSize: 32 }), parameters: 88_224_232, input: image(224), output: [2, 1000] },
  gpt2: { make: () => new models.Gpt2(), parameters: 124_439_808, input: ids, output: [2, 5, 768] },
  "gpt2 with its head": { make: () => new models.Gpt2LanguageModel(), parameters: 124_439_808, input: ids, output: [2, 5, 50257] },
  "bert-base": { make: () => new models.Bert(), parameters: 109_482_240, input: ids, output: [2, 5, 768] },
  "bert-tiny": { make: () => new models.Bert(models.bertSizes.tiny), parameters: 4_385_920, input: ids, output: [2, 5, 128] },
  "bert-tiny as a classifier": { make: () => new models.BertClassifier(models.bertSizes.tiny), parameters: 4_386_178, input: ids, output: [2, 2] },
};

test.each(Object.entries(cases))("%s has its published size and output, and allocates nothing", (_name, { make, parameters, input, output }) => {
  const before = process.memoryUsage().arrayBuffers;
  const model = make();
  const summary = model.summary(input, { print: false });
  expect(summary.parameters).toBe(parameters);
  expect(summary.rows[0]?.outputs[0]).toEqual(output);
  expect(model.parameters().some(({ state }) => state.storage !== undefined)).toBe(false);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});

const linesOf = (model: Pick<Module, "stateDict">): string[] =>
  Object.entries(model.stateDict()).map(([name, { shape }]) => `${name} ${shape.join(",")}`);

test.each(Object.entries(names))("%s has the state of torchvision's, by name and shape", (name, golden) => {
  const model = cases[name]?.make();
  const lines = model ? linesOf(model).sort() : [];
  expect([lines.length, cases[name]?.parameters]).toEqual([golden.entries, golden.parameters]);
  const digest = createHash("sha256").update(lines.map((line) => `${line}\n`).join("")).digest("hex");
  expect(digest, `see scripts/goldens/model_names.py --list ${name}; here:\n${lines.join("\n")}`).toBe(golden.sha256);
});

test("GPT-2 and BERT have the states of Hugging Face's, by name and shape", () => {
  const layer = (prefix: string, shapes: Record<string, string>): string[] =>
    Object.entries(shapes).map(([name, shape]) => `${prefix}${name} ${shape}`);
  const affine = (name: string, from: number, to: number): Record<string, string> => ({ [`${name}.weight`]: `${to},${from}`, [`${name}.bias`]: `${to}` });
  const norm = (name: string, size: number): Record<string, string> => ({ [`${name}.weight`]: `${size}`, [`${name}.bias`]: `${size}` });

  const gpt2 = [
    ...layer("transformer.", { "wte.weight": "50257,768", "wpe.weight": "1024,768", ...norm("ln_f", 768) }),
    ...Array.from({ length: 12 }, (_, i) =>
      layer(`transformer.h.${i}.`, {
        ...norm("ln_1", 768),
        // Weights are [in, out].
        "attn.c_attn.weight": "768,2304",
        "attn.c_attn.bias": "2304",
        "attn.c_proj.weight": "768,768",
        "attn.c_proj.bias": "768",
        ...norm("ln_2", 768),
        "mlp.c_fc.weight": "768,3072",
        "mlp.c_fc.bias": "3072",
        "mlp.c_proj.weight": "3072,768",
        "mlp.c_proj.bias": "768",
      }),
    ).flat(),
    "lm_head.weight 50257,768",
  ];
  expect(linesOf(new models.Gpt2LanguageModel()).sort()).toEqual(gpt2.sort());

  const bert = [
    ...layer("bert.embeddings.", {
      "word_embeddings.weight": "30522,128",
      "position_embeddings.weight": "512,128",
      "token_type_embeddings.weight": "2,128",
      ...norm("LayerNorm", 128),
    }),
    ...[0, 1].flatMap((i) =>
      layer(`bert.encoder.layer.${i}.`, {
        ...affine("attention.self.query", 128, 128),
        ...affine("attention.self.key", 128, 128),
        ...affine("attention.self.value", 128, 128),
        ...affine("attention.output.dense", 128, 128),
        ...norm("attention.output.LayerNorm", 128),
        ...affine("intermediate.dense", 128, 512),
        ...affine("output.dense", 512, 128),
        ...norm("output.LayerNorm", 128),
      }),
    ),
    ...layer("bert.", affine("pooler.dense", 128, 128)),
    ...layer("", affine("classifier", 128, 2)),
  ];
  expect(linesOf(new models.BertClassifier(models.bertSizes.tiny)).sort()).toEqual(bert.sort());
});
