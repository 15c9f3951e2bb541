import { isFloat, type DType } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { formatShape, sizeOf, type Shape } from "../core/shape.js";
import type { ExprBuilder } from "../ir/expr-builder.js";
import { applyOne, type TensorType, type Value, type Op } from "../ir/graph.js";
import type { Expr } from "../ir/loop.js";
import { add } from "./arithmetic.js";
import { constant, constantLike } from "./constant.js";
import { convert } from "./convert.js";
import { checkAccumulate } from "./dot.js";
import { wideDType } from "./dtype-rules.js";
import { computeType } from "./elementwise.js";
import { at, isInside, range } from "./indexing.js";
import { reshape, reverse, transpose } from "./movement.js";
import { pad, slice } from "./slicing.js";

type Padding = readonly (readonly [number, number])[];

/** Strides and dilations are 1, padding 0 and groups 1 if not given; each list has one entry for each spatial axis. */
export interface ConvOptions {
  readonly strides?: Shape;
  /** Zeros before and after; negative ones cut off. */
  readonly padding?: Padding;
  /** Distance between neighbours of x, zeros lying between them. */
  readonly inputDilation?: Shape;
  readonly kernelDilation?: Shape;
  /** Groups of channels that are convolved apart. */
  readonly groups?: number;
  /** Groups of the batch, each with its own output channels. */
  readonly batchGroups?: number;
  /** The dtype of sum and result; that of x if not given, 32 bits wide for 8-bit integers. */
  readonly accumulate?: DType;
}

export type ConvAttrs = {
  readonly strides: Shape;
  readonly padding: Padding;
  readonly inputDilation: Shape;
  readonly kernelDilation: Shape;
  readonly groups: number;
  readonly batchGroups: number;
  readonly accumulate: DType;
};

function dilated(size: number, by: number): number {
  return size === 0 ? 0 : (size - 1) * by + 1;
}

function checkConv(x: TensorType, w: TensorType, attrs: ConvAttrs): void {
  const spatial = x.shape.length - 2;
  const { groups, batchGroups } = attrs;
  const fail = (why: string): never => {
    throw new ShapeError(`[conv] input ${formatShape(x.shape)} and kernel ${formatShape(w.shape)} with ${groups} groups and ${batchGroups} batch groups: ${why}`);
  };
  if (spatial < 1 || spatial > 3 || w.shape.length !== spatial + 2) fail("both need a rank of 3, 4 or 5, [N, C, spatial…] and [O, C / groups, spatial…]");
  const lists = [attrs.strides, attrs.inputDilation, attrs.kernelDilation];
  if (lists.some((list) => list.length !== spatial || list.some((d) => !Number.isInteger(d) || d < 1)) || attrs.padding.length !== spatial) {
    fail(`strides and dilations need ${spatial} whole numbers of at least 1, padding ${spatial} pairs`);
  }
  if (attrs.padding.some((pair) => pair.length !== 2 || !pair.every(Number.isInteger))) fail("padding must be whole numbers");
  if (!Number.isInteger(groups) || !Number.isInteger(batchGroups) || groups < 1 || batchGroups < 1) fail("groups must be whole numbers of at least 1");
  if (groups > 1 && batchGroups > 1) fail("only one kind of group at a time");
  if (at(x.shape, 1) !== at(w.shape, 1) * groups) fail(`the input must have ${at(w.shape, 1)} · ${groups} channels`);
  if (at(w.shape, 0) % (groups * batchGroups) !== 0) fail("the groups must divide the output channels");
  if (at(x.shape, 0) % batchGroups !== 0) fail("the batch groups must divide the batch");
  if (w.shape.slice(2).some((d) => d < 1)) fail("the kernel must not be empty");
}

export const convOp: Op<ConvAttrs> = {
  name: "conv",
  infer: (inputs, attrs) => {
    const [x, w] = [at(inputs, 0), at(inputs, 1)];
    checkAccumulate("conv", x.dtype, w.dtype, attrs.accumulate);
    checkConv(x, w, attrs);
    const spatial = x.shape.slice(2).map((d, i) => {
      const [low, high] = at(attrs.padding, i);
      const room = dilated(d, at(attrs.inputDilation, i)) + low + high - dilated(at(w.shape, i + 2), at(attrs.kernelDilation, i));
      return Math.max(0, Math.floor(room / at(attrs.strides, i)) + 1);
    });
    return [{ shape: [at(x.shape, 0) / attrs.batchGroups, at(w.shape, 0), ...spatial], dtype: attrs.accumulate }];
  },
  vjp: (node, [ct]) => {
    const [x, w] = [at(node.inputs, 0), at(node.inputs, 1)];
    if (!ct || !isFloat(x.dtype)) return [];
    // Without any product the gradients are zeros of the inputs' shapes.
    if (sizeOf(ct.shape) === 0 || sizeOf(x.shape) === 0 || sizeOf(w.shape) === 0) return [constantLike(x, 0), constantLike(w, 0)];
    return [convert(inputVjp(ct, x, w, node.attrs), x.dtype), convert(kernelVjp(ct, x, w, node.attrs), w.dtype)];
  },
  batch: ({ inputs, isBatched, size, attrs }) => [batchedConv(inputs, isBatched, size, attrs)],
  lower: {
    kind: "contraction",
    layout: ([, w], y, { groups, batchGroups }) => {
      if (!w || groups * batchGroups > 1) return undefined;
      const spatial = range(y.shape.length - 2).map((i) => i + 2);
      const channelsLast = [0, ...spatial, 1];
      if (sizeOf(w.shape.slice(2)) <= sizeOf(y.shape.slice(2))) return { inputs: [channelsLast, undefined], output: channelsLast };
      // A gradient of a kernel: what the operator sees as images are channels, and its kernel is as large as an image.
      return { inputs: [[1, ...spatial, 0], [1, ...spatial, 0]], output: [...spatial, 0, 1] };
    },
    hasWays: ([, w], y, { groups }) => {
      const isSmall = [w, y].some((type) => (type?.shape.length ?? 0) > 3 && type?.shape.slice(-2).every((d) => d === 3));
      return isSmall || groups > 1 || at(y.shape, 1) % 4 !== 0;
    },
    spec: (b, ctx) => {
      const [x, w, y] = [at(ctx.inputs, 0), at(ctx.inputs, 1), at(ctx.outputs, 0)];
      const { groups, batchGroups, accumulate } = ctx.attrs;
      const type = computeType(accumulate);
      const blocks = groups * batchGroups;
      const channels = at(w.shape, 1);
      const outChannels = at(w.shape, 0) / blocks;
      const images = at(y.shape, 0);
      const group = (batch: readonly Expr[]): Expr => batch[0] ?? b.index(0);
      const within = (block: Expr, size: number, e: Expr): Expr => b.add(b.mul(block, b.index(size)), e);
      return {
        batch: blocks > 1 ? [blocks] : [],
        m: [outChannels],
        n: [images, ...y.shape.slice(2)],
        k: [channels, ...w.shape.slice(2)],
        lhs: (batch, [o = b.index(0)], k) => b.cast(ctx.operand(1, [within(group(batch), outChannels, o), ...k]), type),
        rhs: (batch, [c = b.index(0), ...k], [n = b.index(0), ...o]) => {
          const { source, inside } = sourceExprs(b, ctx.attrs, x.shape, o, k);
          const channel = groups > 1 ? within(group(batch), channels, c) : c;
          const image = batchGroups > 1 ? within(group(batch), images, n) : n;
          return b.guard(inside, b.cast(ctx.operand(0, [image, channel, ...source]), type), b.const(0, type));
        },
        out: (batch, [o = b.index(0)], [n = b.index(0), ...rest]) => [n, within(group(batch), outChannels, o), ...rest],
      };
    },
  },
  multiplyAdds: (inputs, _, outputs) => sizeOf([...at(outputs, 0).shape, ...at(inputs, 1).shape.slice(1)]),
};

/** Convolutions of many examples as one: examples of x are more images, those of w more output channels, those of both groups. */
function batchedConv(inputs: readonly Value[], isBatched: readonly boolean[], size: number, attrs: ConvAttrs): Value {
  const [x, w] = [at(inputs, 0), at(inputs, 1)];
  const { groups, batchGroups } = attrs;
  const blocks = groups * batchGroups;
  if (!at(isBatched, 1)) {
    const [, images = 0, ...rest] = x.shape;
    const y = conv(merged(x, images, batchGroups, rest), w, attrs);
    return reshape(y, [size, images / batchGroups, ...y.shape.slice(1)]);
  }
  const [, channels = 0, ...rest] = w.shape;
  if (at(isBatched, 0)) {
    const kernels = reshape(w, [size * channels, ...rest]);
    const [, images = 0, ...more] = x.shape;
    const y = groups === 1
      ? conv(reshape(x, [size * images, ...more]), kernels, { ...attrs, batchGroups: batchGroups * size })
      : conv(reshape(transpose(x, [1, 0, ...range(more.length).map((i) => i + 2)]), [images, size * at(more, 0), ...more.slice(1)]), kernels, { ...attrs, groups: groups * size });
    const [first = 0, , ...spatial] = y.shape;
    return transpose(reshape(y, [first, size, channels, ...spatial]), [1, 0, ...range(spatial.length + 1).map((i) => i + 2)]);
  }
  const y = conv(x, merged(w, channels, blocks, rest), attrs);
  const [images = 0, , ...spatial] = y.shape;
  const split = reshape(y, [images, blocks, size, channels / blocks, ...spatial]);
  return reshape(transpose(split, [2, 0, 1, 3, ...spatial.map((_, i) => i + 4)]), [size, images, channels, ...spatial]);
}

/** [examples, N, …rest] as [examples·N, …rest], the examples lying within each of the blocks that N consists of. */
function merged(v: Value, n: number, blocks: number, rest: Shape): Value {
  const [size = 0] = v.shape;
  if (blocks === 1) return reshape(v, [size * n, ...rest]);
  const split = reshape(v, [size, blocks, n / blocks, ...rest]);
  return reshape(transpose(split, [1, 0, 2, ...rest.map((_, i) => i + 3)]), [size * n, ...rest]);
}

/** Where output `o` meets the input under kernel element `k`, and whether there is an input element. */
function sourceExprs(b: ExprBuilder, attrs: ConvAttrs, shape: Shape, o: readonly Expr[], k: readonly Expr[]): { source: Expr[]; inside: Expr } {
  let inside = b.const(1, "bool");
  const source = o.map((e, i) => {
    const start = b.sub(b.mul(e, b.index(at(attrs.strides, i))), b.index(at(attrs.padding, i)[0]));
    const position = b.add(start, b.mul(at(k, i), b.index(at(attrs.kernelDilation, i))));
    const step = at(attrs.inputDilation, i);
    inside = b.and(inside, isInside(b, position, dilated(at(shape, i + 2), step)));
    if (step === 1) return position;
    inside = b.and(inside, b.eq(b.rem(position, b.index(step)), b.index(0)));
    return b.div(position, b.index(step));
  });
  return { source, inside };
}

/** [G·P, Q, …] as [G·Q, P, …]: the groups stay, the two channel axes change places. */
function swapWithinGroups(w: Value, groups: number): Value {
  const [first = 0, second = 0, ...rest] = w.shape;
  const spatial = range(rest.length).map((i) => i + 3);
  const split = reshape(w, [groups, first / groups, second, ...rest]);
  return reshape(transpose(split, [0, 2, 1, ...spatial]), [groups * second, first / groups, ...rest]);
}

/** The gradient of the input: a convolution of the dilated cotangent with the kernel turned around. */
function inputVjp(ct: Value, x: Value, w: Value, attrs: ConvAttrs): Value {
  const { strides, inputDilation, kernelDilation, padding, groups, batchGroups } = attrs;
  const plain = [...inputDilation, ...kernelDilation].every((d) => d === 1) && batchGroups === 1;
  if (plain && strides.some((s) => s > 1)) return phasedInputVjp(ct, x, w, attrs);
  const spatial = x.shape.slice(2);
  const blocks = groups * batchGroups;
  const turned = reverse(swapWithinGroups(w, blocks), spatial.map((_, i) => i + 2));
  const pads = spatial.map((d, i): [number, number] => {
    const span = dilated(at(w.shape, i + 2), at(kernelDilation, i));
    const low = span - 1 - at(padding, i)[0];
    return [low, dilated(d, at(inputDilation, i)) + span - 1 - dilated(at(ct.shape, i + 2), at(strides, i)) - low];
  });
  const dx = conv(ct, turned, {
    strides: inputDilation,
    padding: pads,
    inputDilation: strides,
    kernelDilation,
    groups: blocks,
    accumulate: ct.dtype,
  });
  if (batchGroups === 1) return dx;
  // [N / G, G·C, …] back to [N, C, …], the groups being blocks of the batch.
  const [images = 0, channels = 0] = dx.shape;
  const split = reshape(dx, [images, batchGroups, channels / batchGroups, ...spatial]);
  return reshape(transpose(split, [1, 0, 2, ...spatial.map((_, i) => i + 3)]), x.shape);
}

/**
 * The gradient of the input where the kernel moved by more than one: inputs at the same position between two stops meet the
 * same part of the kernel, so each such phase is a convolution of its own, without the zeros between the stops.
 */
function phasedInputVjp(ct: Value, x: Value, w: Value, { strides, padding, groups }: ConvAttrs): Value {
  const spatial = x.shape.slice(2);
  const turned = swapWithinGroups(w, groups);
  const phases = strides.reduce<readonly (readonly number[])[]>((list, s) => list.flatMap((p) => range(s).map((a) => [...p, a])), [[]]);
  let total: Value | undefined;
  for (const phase of phases) {
    const taps = phase.map((a, i) => (a + at(padding, i)[0]) % at(strides, i));
    const counts = phase.map((a, i) => Math.ceil((at(spatial, i) - a) / at(strides, i)));
    const lengths = taps.map((r, i) => Math.ceil((at(w.shape, i + 2) - r) / at(strides, i)));
    if (counts.some((n) => n < 1) || lengths.some((n) => n < 1)) continue;
    const part = slice(turned, [0, 0, ...taps], turned.shape, [1, 1, ...strides]);
    const pads = lengths.map((length, i): [number, number] => {
      const low = length - 1 - (at(phase, i) + at(padding, i)[0] - at(taps, i)) / at(strides, i);
      return [low, at(counts, i) - at(ct.shape, i + 2) - low + length - 1];
    });
    const dx = conv(ct, reverse(part, spatial.map((_, i) => i + 2)), { padding: pads, groups, accumulate: ct.dtype });
    const after = phase.map((a, i) => at(spatial, i) - a - (at(counts, i) - 1) * at(strides, i) - 1);
    const spread = pad(dx, constant(0, dx.dtype), [0, 0, ...phase], [0, 0, ...after], [0, 0, ...strides.map((s) => s - 1)]);
    total = total ? add(total, spread) : spread;
  }
  return total ?? constantLike(x, 0);
}

/** The gradient of the kernel: a convolution of input and cotangent, with the batch in the place of the channels. */
function kernelVjp(ct: Value, x: Value, w: Value, attrs: ConvAttrs): Value {
  const { strides, inputDilation, kernelDilation, padding, groups, batchGroups } = attrs;
  const swap = [1, 0, ...range(x.shape.length - 2).map((i) => i + 2)];
  const pads = x.shape.slice(2).map((d, i): [number, number] => {
    const low = at(padding, i)[0];
    const span = dilated(at(w.shape, i + 2), at(kernelDilation, i));
    return [low, span - 1 + dilated(at(ct.shape, i + 2), at(strides, i)) - dilated(d, at(inputDilation, i)) - low];
  });
  const dw = conv(transpose(x, swap), transpose(ct, swap), {
    strides: kernelDilation,
    padding: pads,
    inputDilation,
    kernelDilation: strides,
    groups: batchGroups,
    batchGroups: groups,
    accumulate: ct.dtype,
  });
  return transpose(dw, swap);
}

/**
 * Convolution (cross-correlation) in 1, 2 or 3 dimensions: x [N, C, spatial…] and kernel w [O, C / groups, spatial…] give
 * [N / batchGroups, O, spatial…], of size ⌊(dilated input + low + high − dilated kernel) / stride⌋ + 1. x and w may differ
 * in dtype: elements are converted to `accumulate` before they are multiplied. Throws ShapeError, DTypeError.
 */
export function conv(x: Value, w: Value, options: ConvOptions = {}): Value {
  const ones = x.shape.slice(2).map(() => 1);
  const {
    strides = ones,
    padding = ones.map(() => [0, 0] as const),
    inputDilation = ones,
    kernelDilation = ones,
    groups = 1,
    batchGroups = 1,
    accumulate = wideDType(x.dtype),
  } = options;
  return applyOne(convOp, [x, w], { strides, padding, inputDilation, kernelDilation, groups, batchGroups, accumulate });
}
