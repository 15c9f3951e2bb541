import { defaultSetting, namedNetworks, type DigitsSetting } from "../../labs/digits/setting.js";

function settingOf(name: keyof typeof namedNetworks, change: Partial<DigitsSetting["network"]> = {}, training: Partial<DigitsSetting["training"]> = {}): DigitsSetting {
  const { network, ...others } = defaultSetting;
  return { ...others, network: { ...(namedNetworks[name] ?? network), ...change }, training: { ...others.training, ...training } };
}

const descent = { optimizer: "sgd", lr: 0.05 } as const;
const few = { limit: 500 } as const;

/** The networks that the course proposes. */
export const presets = {
  softmax: settingOf("softmax-regression"),
  mlp: settingOf("mlp"),
  deepSigmoid: settingOf("mlp", { hidden: [128, 128, 128, 128], activation: "sigmoid" }, descent),
  deepRelu: settingOf("mlp", { hidden: [128, 128, 128, 128] }, descent),
  rateTooLarge: settingOf("mlp", {}, { optimizer: "sgd", lr: 0.5 }),
  rateTooSmall: settingOf("mlp", {}, { optimizer: "sgd", lr: 1e-4 }),
  lenet: settingOf("lenet"),
  fewFilters: settingOf("lenet", { maps: [1, 2], hidden: [16] }),
  byHeart: settingOf("mlp", { hidden: [256, 256] }, few),
  byHeartDropped: settingOf("mlp", { hidden: [256, 256], dropout: 0.5 }, few),
  large: settingOf("mlp", { hidden: [256, 256] }),
};
