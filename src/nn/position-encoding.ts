import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { Parameter, randn, rotaryEmbedding, sinusoidalPositions, type RotaryOptions, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface PositionEncodingOptions {
  /** Whether inputs are [batch, steps, features]; false (steps first) if not given. */
  readonly batchFirst?: boolean | undefined;
}

/** x + positions, whose rows belong to the steps of x. */
function added(x: Tensor, batchFirst: boolean, rowsFor: (steps: number, features: number) => Tensor): Tensor {
  const { shape, rank } = x;
  if (rank !== 2 && rank !== 3)
    throw new ShapeError(`[position encoding] input ${formatShape(shape)}: expected steps, features and perhaps a batch`);
  const stepsFirst = rank === 3 && !batchFirst;
  const rows = rowsFor(shape.at(stepsFirst ? 0 : -2) ?? 0, shape.at(-1) ?? 0);
  return x.add(stepsFirst ? rows.unsqueeze(1) : rows);
}

/**
 * Adds sin(pos / 10000^(2i/d)) to feature 2i of d and the cosine of the same to 2i + 1; for any length. Vaswani et al.
 * 2017, section 3.5.
 */
export class SinusoidalPositionEncoding extends Module<Tensor, Tensor> {
  readonly batchFirst: boolean;

  constructor({ batchFirst = false }: PositionEncodingOptions = {}) {
    super();
    this.batchFirst = batchFirst;
  }

  /** Throws ShapeError, ArgumentError for an odd number of features. */
  forward(x: Tensor): Tensor {
    return added(x, this.batchFirst, (steps, features) =>
      sinusoidalPositions(steps, features, { dtype: x.dtype, device: x.device }),
    );
  }
}

/** Adds a learned vector to each of up to maxLength steps; they begin normal with deviation 0.02. Devlin et al. 2018. */
export class LearnedPositionEncoding extends Module<Tensor, Tensor> {
  readonly maxLength: number;
  readonly features: number;
  readonly batchFirst: boolean;
  /** [maxLength, features]. */
  weight: Parameter;

  /** Throws ArgumentError for sizes that are no whole numbers above 0. */
  constructor(maxLength: number, features: number, { batchFirst = false }: PositionEncodingOptions = {}) {
    super();
    requireSizes("LearnedPositionEncoding", { maxLength, features });
    this.maxLength = maxLength;
    this.features = features;
    this.batchFirst = batchFirst;
    this.weight = new Parameter(randn([maxLength, features], { std: 0.02 }));
  }

  /** Throws ShapeError for more steps than maxLength and other features. */
  forward(x: Tensor): Tensor {
    return added(x, this.batchFirst, (steps, features) => {
      if (steps > this.maxLength || features !== this.features) {
        throw new ShapeError(
          `[LearnedPositionEncoding] ${steps} steps of ${features} features: expected at most ${this.maxLength} of ` +
            `${this.features}`,
        );
      }
      return this.weight.at(`:${steps}`);
    });
  }

  override describe(): string {
    return `${this.maxLength}, ${this.features}`;
  }
}

/** `rotaryEmbedding` as a layer, for queries and keys [..., steps, features]. Su et al. 2021. */
export class RotaryPositionEncoding extends Module<Tensor, Tensor> {
  readonly options: RotaryOptions;

  constructor(options: RotaryOptions = {}) {
    super();
    this.options = options;
  }

  /** Throws ShapeError, ArgumentError for an odd number of features. */
  forward(x: Tensor): Tensor {
    return rotaryEmbedding(x, this.options);
  }
}
