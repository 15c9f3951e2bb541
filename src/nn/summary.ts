import { byteSize, type DType } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { formatShape, sizeOf, type Shape } from "../core/shape.js";
import { nextNode } from "../runtime/closed-graph.js";
import { multiplyAddsOf } from "../runtime/multiply-adds.js";
import { Trace } from "../runtime/trace.js";
import { noGrad, zeros, type Tensor } from "../tensor/index.js";
import { tensorsOf } from "../tensor/tree.js";
import { observeCalls, type AnyModule } from "./any-module.js";

/** An input's shape, with its dtype where that is not float32; or a tensor like it. */
export type InputLike = Shape | { readonly shape: Shape; readonly dtype?: DType | undefined };

export interface SummaryOptions {
  /** How many levels of modules the table shows below the model; all if not given. */
  readonly depth?: number | undefined;
  /** Whether the table is printed; true if not given. */
  readonly print?: boolean | undefined;
}

/** One call of a module. Numbers are those of the module with all inside it. */
export interface SummaryRow {
  /** The module's name inside the model, "" for the model. */
  readonly name: string;
  /** The class of the module. */
  readonly kind: string;
  /** How many calls it lies within. */
  readonly depth: number;
  /** Shapes of the tensors that it gave. */
  readonly outputs: readonly Shape[];
  /** Bytes of the tensors that it gave. */
  readonly outputBytes: number;
  /** Elements of its parameters; 0 in further calls of the same module. */
  readonly parameters: number;
  /** Products that are added up in matrix products, convolutions and attention. */
  readonly multiplyAdds: number;
}

/** What a model is made of and costs. */
export interface ModelSummary {
  /** Calls in the order in which they began; the first is the model. */
  readonly rows: readonly SummaryRow[];
  /** Elements of all parameters, each counted once, of modules that did not run too. */
  readonly parameters: number;
  /** Elements of those that are not frozen. */
  readonly trainable: number;
  readonly multiplyAdds: number;
  readonly memory: {
    readonly inputs: number;
    /** What modules gave that call no further ones: what training keeps, roughly. */
    readonly outputs: number;
    readonly parameters: number;
    readonly buffers: number;
  };
  /** The table. */
  toString(): string;
}

interface Call {
  readonly module: AnyModule;
  readonly depth: number;
  readonly first: number;
  last: number;
  outputs: readonly Tensor[];
  isInner: boolean;
}

const elementsOf = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
const bytesOf = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * byteSize(dtype), 0);

/** See `Module.summary`. */
export function summarize(model: AnyModule, inputs: InputLike | readonly InputLike[], options: SummaryOptions = {}): ModelSummary {
  const given = inputsFrom(inputs).map(({ shape, dtype }) => zeros(shape, { dtype }));
  const calls = recordCalls(model, given);
  const [whole] = calls;
  if (!whole) throw new ArgumentError("[summary] the model's forward was not called");
  const work = multiplyAddsOf(whole.outputs.map((tensor) => tensor.valueFor("summary")));
  const names = new Map(model.namedModules().map(([name, module]) => [module, name]));
  const seen = new Set<AnyModule>();
  const rows = calls.map(({ module, depth, first, last, outputs }): SummaryRow => {
    const isFirst = !seen.has(module);
    seen.add(module);
    return {
      name: names.get(module) ?? "?",
      kind: module.constructor.name,
      depth,
      outputs: outputs.map(({ shape }) => shape),
      outputBytes: bytesOf(outputs),
      parameters: isFirst ? elementsOf(module.parameters()) : 0,
      multiplyAdds: work.reduce((sum, { id, multiplyAdds }) => (id > first && id < last ? sum + multiplyAdds : sum), 0),
    };
  });
  const parameters = model.parameters();
  const summary: ModelSummary = {
    rows,
    parameters: elementsOf(parameters),
    trainable: elementsOf(parameters.filter(({ requiresGrad }) => requiresGrad)),
    multiplyAdds: rows[0]?.multiplyAdds ?? 0,
    memory: {
      inputs: bytesOf(given),
      outputs: calls.reduce((sum, { isInner, outputs }) => (isInner ? sum + bytesOf(outputs) : sum), 0),
      parameters: bytesOf(parameters),
      buffers: bytesOf(model.buffers()),
    },
    toString: () => tableOf(summary, options.depth ?? Infinity),
  };
  if (options.print ?? true) console.log(summary.toString());
  return summary;
}

function inputsFrom(inputs: InputLike | readonly InputLike[]): { readonly shape: Shape; readonly dtype?: DType | undefined }[] {
  const isShape = (input: InputLike | readonly InputLike[]): input is Shape => Array.isArray(input) && input.every((size) => typeof size === "number");
  if (isShape(inputs)) return [{ shape: inputs }];
  return ("shape" in inputs ? [inputs] : inputs).map((input) => ("shape" in input ? input : { shape: input }));
}

/** Calls of the model and of all modules inside, in the order in which they began; nothing is computed, no state changed. */
function recordCalls(model: AnyModule, given: readonly Tensor[]): Call[] {
  const calls: Call[] = [];
  const open: Call[] = [];
  const enter = (module: AnyModule): void => {
    const outer = open.at(-1);
    if (outer) outer.isInner = false;
    const call: Call = { module, depth: open.length, first: nextNode(), last: Infinity, outputs: [], isInner: true };
    calls.push(call);
    open.push(call);
  };
  const leave = (_: AnyModule, output: unknown): unknown => {
    const call = open.pop();
    if (call) {
      call.outputs = tensorsOf(output);
      call.last = nextNode();
    }
    return output;
  };
  const forward = (): unknown => Reflect.apply(model.forward, model, given);
  new Trace().run(() => noGrad(() => observeCalls({ enter, leave }, forward)));
  return calls;
}

const grouped = (n: number): string => String(n).replaceAll(/\B(?=(\d{3})+$)/g, ",");

function bytesText(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

function tableOf({ rows, parameters, trainable, multiplyAdds, memory }: ModelSummary, depth: number): string {
  const shown = rows.filter((row) => row.depth <= depth);
  const cells = shown.map((row): string[] => [
    `${"  ".repeat(row.depth)}${row.name === "" ? "" : `${row.name}: `}${row.kind}`,
    row.outputs.map(formatShape).join(", "),
    grouped(row.parameters),
    grouped(row.multiplyAdds),
    bytesText(row.outputBytes),
  ]);
  const lines = [["Module", "Output", "Parameters", "Multiply-adds", "Memory"], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [head = "", ...body] = lines.map((line) => {
    const padded = line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)));
    return padded.join("  ").trimEnd();
  });
  const rule = "─".repeat(Math.max(head.length, ...body.map((line) => line.length)));
  const total = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
  const parts = Object.entries(memory).map(([name, bytes]) => `${name} ${bytesText(bytes)}`);
  return [
    head,
    rule,
    ...body,
    rule,
    `Parameters     ${grouped(parameters)}, of which ${grouped(trainable)} trainable`,
    `Multiply-adds  ${grouped(multiplyAdds)}`,
    `Memory         ${bytesText(total)}: ${parts.join(", ")}`,
  ].join("\n");
}
