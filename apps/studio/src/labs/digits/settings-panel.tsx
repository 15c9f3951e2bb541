import { Segmented, Select, Slider, type Choice } from "../../ui/controls.js";
import { formatShare } from "../../ui/format.js";
import type { LabModel } from "./lab-model.js";
import type { ActivationName, NetworkSetting } from "./network.js";
import { namedNetworks, type DigitsSetting } from "./setting.js";
import type { OptimizerName, TrainingSetting } from "./train.js";

const kinds: readonly Choice<NetworkSetting["kind"]>[] = [
  { value: "softmax", label: "Softmax" },
  { value: "mlp", label: "MLP" },
  { value: "cnn", label: "CNN" },
];
const activationChoices: readonly Choice<ActivationName>[] = [
  { value: "relu", label: "ReLU" },
  { value: "leakyRelu", label: "Leaky ReLU" },
  { value: "gelu", label: "GELU" },
  { value: "tanh", label: "tanh" },
  { value: "sigmoid", label: "Sigmoid" },
];
const optimizerChoices: readonly Choice<OptimizerName>[] = [
  { value: "sgd", label: "SGD, momentum" },
  { value: "adam", label: "Adam" },
  { value: "adamw", label: "AdamW" },
];
const deviceChoices: readonly Choice<DigitsSetting["device"]>[] = [
  { value: "wasm", label: "WebAssembly" },
  { value: "webgpu", label: "WebGPU" },
];
const rates = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1];
const batchSizes = ["8", "16", "32", "64", "128", "256"] as const;
const widths = [4, 8, 16, 24, 32, 48, 64, 84, 96, 120, 128, 160, 192, 256];
const mapCounts = [1, 2, 4, 6, 8, 12, 16, 24, 32];
const limits = [100, 200, 500, 1000, 2000, 5000];
const mostLayers = 4;

/** What is chosen before a network is made. */
export function SettingsPanel({ model }: { readonly model: LabModel }) {
  const { network, training, device } = model.setting.value;
  const setNetwork = (change: Partial<NetworkSetting>): void => model.choose({ ...model.setting.value, network: { ...network, ...change } });
  const setTraining = (change: Partial<TrainingSetting>): void => model.choose({ ...model.setting.value, training: { ...training, ...change } });
  const { kind, maps, hidden } = network;
  const chooseKind = (value: NetworkSetting["kind"]): void => {
    const usual = namedNetworks[{ softmax: "softmax-regression", mlp: "mlp", cnn: "lenet" }[value]];
    setNetwork({ ...usual, activation: network.activation, dropout: value === "softmax" ? 0 : network.dropout });
  };
  return (
    <section class="card settings" aria-labelledby="settings-title">
      <header>
        <h2 id="settings-title">Network</h2>
      </header>
      <Segmented label="Kind" value={kind} choices={kinds} onChange={chooseKind} />
      {kind === "cnn" && (
        <>
          <Slider label="Convolutions" value={maps.length} min={1} max={2} onInput={(layers) => setNetwork({ maps: resized(maps, layers) })} />
          {maps.map((count, i) => (
            <FromList key={i} label={`Maps of convolution ${i + 1}`} value={count} list={mapCounts} onInput={(value) => setNetwork({ maps: maps.map((old, at) => (at === i ? value : old)) })} />
          ))}
        </>
      )}
      {kind !== "softmax" && (
        <>
          <Slider label="Hidden layers" value={hidden.length} min={kind === "mlp" ? 1 : 0} max={mostLayers} onInput={(layers) => setNetwork({ hidden: resized(hidden, layers) })} />
          {hidden.map((count, i) => (
            <FromList key={i} label={`Neurons of layer ${i + 1}`} value={count} list={widths} onInput={(value) => setNetwork({ hidden: hidden.map((old, at) => (at === i ? value : old)) })} />
          ))}
          <Select label="Activation" value={network.activation} choices={activationChoices} onChange={(activation) => setNetwork({ activation })} />
          <Slider label="Dropout" value={network.dropout} min={0} max={0.8} step={0.1} format={(value) => formatShare(value, 0)} onInput={(dropout) => setNetwork({ dropout })} />
        </>
      )}
      <h2>Training</h2>
      <Select label="Optimizer" value={training.optimizer} choices={optimizerChoices} onChange={(optimizer) => setTraining({ optimizer, lr: optimizer === "sgd" ? 0.05 : 2e-3 })} />
      <FromList label="Learning rate" value={training.lr} list={rates} onInput={(lr) => setTraining({ lr })} />
      <Select label="Batch size" value={String(training.batchSize)} choices={batchSizes.map((value) => ({ value, label: value }))} onChange={(value) => setTraining({ batchSize: Number(value) })} />
      <Select
        label="Training images"
        value={String(training.limit)}
        choices={[...limits.map(String), ...(training.limit === null || limits.includes(training.limit) ? [] : [String(training.limit)])].map((value) => ({ value, label: value })).concat({ value: "null", label: "all" })}
        onChange={(value) => setTraining({ limit: value === "null" ? null : Number(value) })}
      />
      {"gpu" in navigator && <Select label="Computed by" value={device} choices={deviceChoices} onChange={(value) => model.choose({ ...model.setting.value, device: value })} />}
    </section>
  );
}

interface FromListProps {
  readonly label: string;
  readonly value: number;
  /** Rising. */
  readonly list: readonly number[];
  readonly onInput: (value: number) => void;
}

/** A slider over numbers that are not evenly spaced; one that is not among them has a place of its own. */
function FromList({ label, value, list, onInput }: FromListProps) {
  const all = list.includes(value) ? list : [...list, value].sort((a, b) => a - b);
  return <Slider label={label} value={all.indexOf(value)} min={0} max={all.length - 1} format={(at) => String(all[at])} onInput={(at) => onInput(all[at] ?? value)} />;
}

/** A list with fewer numbers, or with its last one again. */
function resized(list: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, i) => list[i] ?? list.at(-1) ?? 32);
}
