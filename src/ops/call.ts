import { isFloat } from "../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { apply, type Examples, type Graph, input, isLeaf, type Op, recordAgain, recording, type TensorType, type Value } from "../ir/graph.js";
import { after } from "./after.js";
import { recordBatched, repeated } from "./batching.js";
import { constant } from "./constant.js";
import { at, range } from "./indexing.js";

function checkInputs(op: string, inputs: readonly TensorType[], body: Graph): void {
  if (inputs.length !== body.inputs.length) throw new ArgumentError(`[${op}] a body of ${body.inputs.length} inputs was given ${inputs.length}`);
  body.inputs.forEach(({ shape, dtype }, k) => {
    const given = at(inputs, k);
    if (given.dtype !== dtype) throw new DTypeError(`[${op}] input ${k} is ${given.dtype}, expected ${dtype}`);
    if (!sameShape(given.shape, shape)) throw new ShapeError(`[${op}] input ${k} is ${formatShape(given.shape)}, expected ${formatShape(shape)}`);
  });
}

/** A body's outputs over other inputs. */
function outputsOver(body: Graph, inputs: readonly Value[]): Value[] {
  return recordAgain(body.outputs, new Map(body.inputs.map((v, k) => [v, at(inputs, k)])));
}

/** Whether nothing was computed to get the value, so that its gradient goes nowhere. */
function isGiven(v: Value): boolean {
  const { op, inputs } = v.node;
  const [from] = inputs;
  return isLeaf(v) || (op.lower.kind === "map" && op.lower.view === true && from !== undefined && isGiven(from));
}

/** A body over many examples: all outputs have them along a first axis. */
function batchedBody(body: Graph, isBatched: readonly boolean[], size: number): Graph {
  const known = new Map<Value, Value>();
  const inputs = body.inputs.map((v, k) => {
    if (!at(isBatched, k)) return v;
    const leaf = input({ shape: [size, ...v.shape], dtype: v.dtype });
    leaf.requiresGrad = v.requiresGrad;
    known.set(v, leaf);
    return leaf;
  });
  recordBatched(body.outputs, known, size);
  return { inputs, outputs: body.outputs.map((v) => known.get(v) ?? repeated(v, size)) };
}

type CheckpointAttrs = { readonly body: Graph };

export const checkpointOp: Op<CheckpointAttrs> = {
  name: "checkpoint",
  infer: (inputs, { body }) => {
    checkInputs("checkpoint", inputs, body);
    return body.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  },
  vjp: ({ inputs, outputs, attrs: { body } }, cotangents, differentiate) => {
    const given = cotangents.filter((ct) => ct !== undefined);
    const before = recording.gradients;
    recording.gradients = true;
    try {
      const again = inputs.map((v) => {
        const value = after(v, given);
        value.requiresGrad = v.requiresGrad;
        return value;
      });
      const wrt = again.filter((v) => v.requiresGrad);
      const made = outputsOver(body, again).filter((_, k) => cotangents[k] && isFloat(at(outputs, k).dtype));
      recording.gradients = before;
      const gradients = differentiate(made, given, wrt);
      const all = gradients.filter((v) => v !== undefined);
      // What goes on from here waits for the other gradients, so that what they are computed from need not be kept longer.
      return inputs.map((v, k) => {
        const gradient = gradients[wrt.indexOf(at(again, k))];
        return gradient && !isGiven(v) ? after(gradient, all.filter((other) => other !== gradient)) : gradient;
      });
    } finally {
      recording.gradients = before;
    }
  },
  batch: ({ inputs, isBatched, size, attrs }: Examples<CheckpointAttrs>) => apply(checkpointOp, inputs, { body: batchedBody(attrs.body, isBatched, size) }),
  lower: { kind: "call", body: ({ body }) => body },
};

/**
 * The outputs of `body` for the given inputs. Its gradient computes what it needs of the body again, once the gradients of the
 * outputs are known, so that nothing in between is kept. Throws ShapeError, DTypeError, ArgumentError.
 */
export function checkpoint(inputs: readonly Value[], body: Graph): readonly Value[] {
  return apply(checkpointOp, inputs, { body });
}

/** `backward` takes the inputs of `body`, its outputs and their cotangents, and gives the cotangents of the first inputs. */
type CustomVjpAttrs = { readonly body: Graph; readonly backward: Graph };

export const customVjpOp: Op<CustomVjpAttrs> = {
  name: "custom-vjp",
  infer: (inputs, { body, backward }) => {
    checkInputs("custom-vjp", inputs, body);
    checkInputs("custom-vjp", [...body.inputs, ...body.outputs, ...body.outputs], backward);
    backward.outputs.forEach(({ shape, dtype }, k) => {
      const x = at(inputs, k);
      if (dtype !== x.dtype) throw new DTypeError(`[custom-vjp] the gradient of input ${k} is ${dtype}, expected ${x.dtype}`);
      if (!sameShape(shape, x.shape)) throw new ShapeError(`[custom-vjp] the gradient of input ${k} is ${formatShape(shape)}, expected ${formatShape(x.shape)}`);
    });
    return body.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  },
  vjp: ({ inputs, outputs, attrs: { backward } }, cotangents) => {
    const given = outputs.map((v, k) => cotangents[k] ?? constant(0, v.dtype, v.shape));
    const gradients = outputsOver(backward, [...inputs, ...outputs, ...given]);
    return gradients.map((v, k) => (at(inputs, k).requiresGrad ? v : undefined));
  },
  batch: ({ inputs, isBatched, size, attrs: { body, backward } }) => {
    const results = body.outputs.flatMap(() => true);
    // The gradient of an input that all examples share is the sum of theirs, so it is given to each of them.
    const all = inputs.map((v, k) => (k < backward.outputs.length && !at(isBatched, k) ? repeated(v, size) : v));
    const differs = range(inputs.length).map((k) => k < backward.outputs.length || at(isBatched, k));
    return apply(customVjpOp, all, {
      body: batchedBody(body, differs, size),
      backward: batchedBody(backward, [...differs, ...results, ...results], size),
    });
  },
  lower: { kind: "call", body: ({ body }) => body },
};

/** The outputs of `body` for the given inputs, with `backward` in the place of its gradient. Throws ShapeError, DTypeError, ArgumentError. */
export function customVjp(inputs: readonly Value[], body: Graph, backward: Graph): readonly Value[] {
  return apply(customVjpOp, inputs, { body, backward });
}
