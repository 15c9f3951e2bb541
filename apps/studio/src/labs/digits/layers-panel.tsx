import { HeatMaps } from "../../ui/heat-maps.js";
import { shapeText } from "../../ui/format.js";
import type { LabModel } from "./lab-model.js";
import type { LayerPicture, Seen } from "./protocol.js";
import type { DigitsSetting } from "./setting.js";

/** Each layer as it answers the image that is shown. */
export function LayersPanel({ model }: { readonly model: LabModel }) {
  const seen = model.seen.value;
  const opened = model.opened.value;
  return (
    <section class="card layers" aria-labelledby="layers-title">
      <header>
        <h2 id="layers-title">What every layer sees</h2>
        <span class="quiet small">the stronger the answer, the stronger the colour</span>
      </header>
      {seen && opened ? (
        <ol class="layer-list">
          {opened.setting.network.kind === "softmax" && <Evidence model={model} seen={seen} />}
          {seen.layers.map((layer, i) => (
            <Layer key={layer.name} layer={layer} setting={opened.setting} isLast={i === seen.layers.length - 1} names={opened.data.classNames} />
          ))}
        </ol>
      ) : (
        <p class="quiet">Write a digit, and the layers light up.</p>
      )}
    </section>
  );
}

interface LayerProps {
  readonly layer: LayerPicture;
  readonly setting: DigitsSetting;
  readonly isLast: boolean;
  readonly names: readonly string[];
}

function Layer({ layer: { name, shape, values }, setting, isLast, names }: LayerProps) {
  const [count = 0, height = 1, width = 1] = shape;
  const isMap = shape.length === 3;
  const isSigned = isLast || values.some((value) => value < 0);
  const title = titleOf(name, setting, isLast);
  const label = `${title}, ${shapeText(shape)}: ${isMap ? strongest(values, count, "map") : isLast ? `highest for ${names[highest(values)]}` : strongest(values, count, "neuron")}`;
  const columns = isMap ? Math.min(count, 8) : isLast ? count : Math.min(count, 30);
  return (
    <li>
      <div class="layer-name">
        <b>{title}</b>
        <span class="quiet small">{shapeText(shape)}</span>
      </div>
      <div class="layer-picture">
        <HeatMaps label={label} values={values} count={count} height={height} width={width} columns={columns} palette={isSigned ? "signed" : "heat"} zoom={zoomOf(height, isLast)} />
        {isLast && (
          <div class="score-names" aria-hidden="true" style={{ "--count": String(count) }}>
            {names.map((text) => (
              <span key={text}>{text}</span>
            ))}
          </div>
        )}
      </div>
    </li>
  );
}

/** For a network of one layer: which pixels speak for each class, and which against it. */
function Evidence({ model, seen }: { readonly model: LabModel; readonly seen: Seen }) {
  const filters = model.weights.value?.filters;
  const opened = model.opened.value;
  if (!filters || !opened) return null;
  const { height, width, classNames } = opened.data;
  const { mean, std } = opened.pixels;
  const evidence = filters.values.map((weight, i) => weight * ((seen.pixels[i % seen.pixels.length] ?? 0) / 255 - mean) / std);
  return (
    <li>
      <div class="layer-name">
        <b>Evidence</b>
        <span class="quiet small">weight × pixel</span>
      </div>
      <div class="layer-picture">
        <HeatMaps label={`Evidence for each of ${classNames.join(", ")}: blue pixels speak for it, orange ones against it`} values={evidence} count={classNames.length} height={height} width={width} columns={5} palette="signed" zoom={2.5} />
      </div>
    </li>
  );
}

function titleOf(name: string, { network }: DigitsSetting, isLast: boolean): string {
  if (isLast) return "Scores";
  const number = Number(name.replace(/\D/g, ""));
  const convolutions = network.kind === "cnn" ? network.maps.length : 0;
  if (name.startsWith("pool")) return `Pooling ${number}`;
  return number <= convolutions ? `Convolution ${number}` : `Hidden layer ${number - convolutions}`;
}

/** CSS pixels for a number: maps stay of one size while they shrink to fewer numbers. */
function zoomOf(height: number, isLast: boolean): number {
  if (height === 1) return isLast ? 28 : 15;
  return Math.max(2, Math.min(12, Math.round(78 / height)));
}

function strongest(values: Float32Array, count: number, what: string): string {
  const area = values.length / count;
  const sums = Array.from({ length: count }, (_, k) => values.subarray(k * area, (k + 1) * area).reduce((sum, value) => sum + Math.abs(value), 0));
  return `strongest is ${what} ${highest(sums) + 1} of ${count}`;
}

function highest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((best, value, i) => (value > (values[best] ?? -Infinity) ? i : best), 0);
}
