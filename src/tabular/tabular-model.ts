import { FormatError } from "../core/errors.js";
import { toMatrix, transformerFromJSON, type SavedTransformer, type Transformer } from "../data/preprocess/index.js";
import type { Column, Table } from "../data/table.js";
import { TabularMlp, type TabularMlpOptions } from "../models/tabular-mlp.js";
import { inEvaluationMode } from "../nn/evaluation-mode.js";
import { noGrad, tensor, type Tensor } from "../tensor/index.js";
import { loadModel } from "../train/model-file.js";
import type { InputColumn, TabularData } from "./tabular-data.js";
import type { Target } from "./target.js";

/** Everything about a model but its weights, as plain data. */
export interface SavedTabularModel {
  readonly network: { readonly inputs: number; readonly outputs: number } & TabularMlpOptions;
  readonly preprocessing: { readonly inputs: readonly InputColumn[]; readonly transformer: SavedTransformer };
  readonly target: Target;
}

/** Classes of rows by their index in `classes`, with the probabilities of all classes, row after row. */
export interface ClassPrediction {
  readonly task: "classification";
  readonly classes: readonly string[];
  readonly predicted: Int32Array;
  readonly probabilities: Float32Array;
}

/** Values of rows, in the target's unit. */
export interface ValuePrediction {
  readonly task: "regression";
  readonly values: Float64Array;
}

/** Rows that are predicted at once. */
const batchSize = 4096;

/** A network with the preparation of its tables: from rows as they are in a file to classes or values. */
export class TabularModel {
  readonly network: TabularMlp;
  readonly target: Target;
  /** The columns that `predict` needs; others do not count. */
  readonly inputs: readonly InputColumn[];
  readonly #preprocessing: Transformer;
  readonly #sizes: SavedTabularModel["network"];

  private constructor(sizes: SavedTabularModel["network"], inputs: readonly InputColumn[], preprocessing: Transformer, target: Target) {
    this.network = new TabularMlp(sizes.inputs, sizes.outputs, sizes);
    this.target = target;
    this.inputs = inputs;
    this.#preprocessing = preprocessing;
    this.#sizes = sizes;
  }

  /** An untrained network for a prepared table. Dropout is for classes if not given: what it adds to a value's error is never averaged away. */
  static for({ train, inputs, preprocessing, target }: TabularData, options: TabularMlpOptions = {}): TabularModel {
    const { hidden = [128, 64], dropout = target.task === "classification" ? 0.2 : 0 } = options;
    const outputs = target.task === "classification" ? target.classes.length : 1;
    return new TabularModel({ inputs: train.width, outputs, hidden, dropout }, inputs, preprocessing, target);
  }

  /**
   * The model that was saved as `toJSON()` and the safetensors file of its network. Throws FormatError for damaged files,
   * StateDictError where they do not belong together.
   */
  static fromJSON(saved: unknown, weights: Uint8Array): TabularModel {
    if (!isSaved(saved)) throw new FormatError("[TabularModel] this describes no model of tables: it needs network, preprocessing and target");
    const { network, preprocessing, target } = saved;
    const model = new TabularModel(network, preprocessing.inputs, transformerFromJSON(preprocessing.transformer), target);
    loadModel(model.network, weights);
    return model;
  }

  /** All but the weights: preprocessing, target and sizes, as plain values. */
  toJSON(): SavedTabularModel {
    const preprocessing = { inputs: this.inputs, transformer: this.#preprocessing.toJSON() };
    return { network: this.#sizes, preprocessing, target: this.target };
  }

  /** The kind of each column, for `parseCsv`: a few rows alone do not show it. */
  get kinds(): Readonly<Record<string, Column["kind"]>> {
    return Object.fromEntries(this.inputs.map(({ name, kind }) => [name, kind]));
  }

  /** What the network gives for each row, in evaluation mode. Throws DataError for a table that lacks a column. */
  async predict(table: Table): Promise<ClassPrediction | ValuePrediction> {
    const { data, rows, columns } = toMatrix(this.#preprocessing.transform(table));
    const outputs: ArrayLike<number>[] = [];
    const labels: ArrayLike<number>[] = [];
    await inEvaluationMode(this.network, async () => {
      for (let at = 0; at < rows; at += batchSize) {
        const count = Math.min(batchSize, rows - at);
        const features = tensor(data.slice(at * columns.length, (at + count) * columns.length), { shape: [count, columns.length] });
        const [values, classes] = noGrad(() => this.#read(this.network.forward(features)));
        outputs.push(await values.data());
        if (classes) labels.push(await classes.data());
      }
    });
    const { target } = this;
    if (target.task === "regression") return { task: "regression", values: Float64Array.from(joined(outputs), (y) => y * target.std + target.mean) };
    const probabilities = Float32Array.from(joined(outputs));
    return { task: "classification", classes: target.classes, predicted: Int32Array.from(joined(labels)), probabilities };
  }

  #read(output: Tensor): [values: Tensor, classes: Tensor | undefined] {
    return this.target.task === "regression" ? [output, undefined] : [output.softmax(1), output.argmax(1)];
  }
}

function joined(parts: readonly ArrayLike<number>[]): number[] {
  return parts.flatMap((part) => Array.from(part));
}

function isSaved(value: unknown): value is SavedTabularModel {
  const { network, preprocessing, target } = (value ?? {}) as Partial<SavedTabularModel>;
  return (
    Number.isInteger(network?.inputs) &&
    Number.isInteger(network?.outputs) &&
    Array.isArray(preprocessing?.inputs) &&
    (target?.task === "regression" ? Number.isFinite(target.mean) && Number.isFinite(target.std) : Array.isArray(target?.classes))
  );
}
