import { ArgumentError } from "../../core/errors.js";
import type { Column, Table } from "../table.js";
import { percentile } from "./percentile.js";
import { ColumnwiseTransformer, field, numbersOf } from "./transformer.js";

/** A column x becomes (x − center) / scale + shift. */
export interface Scaling {
  readonly center: number;
  readonly scale: number;
  readonly shift: number;
}

/** Scales numeric columns; missing values do not count when it learns, and stay missing. */
abstract class Scaler extends ColumnwiseTransformer<Scaling> {
  /** Undoes `transform`. Throws ArgumentError before `fit`, DataError. */
  inverseTransform(table: Table): Table {
    return this.changed(table, (column, { center, scale, shift }) => [
      { name: column.name, kind: "numeric", values: numbersOf(column, this.kind).map((y) => (y - shift) * scale + center) },
    ]);
  }

  protected override learn(column: Column): Scaling {
    const present = numbersOf(column, this.kind).filter((x) => !Number.isNaN(x));
    if (present.length === 0) return { center: 0, scale: 1, shift: 0 };
    return this.measure(present);
  }

  protected override apply(column: Column, { center, scale, shift }: Scaling): readonly Column[] {
    const values = numbersOf(column, this.kind).map((x) => this.bound((x - center) / scale + shift));
    return [{ name: column.name, kind: "numeric", values }];
  }

  protected override isState(value: unknown): value is Scaling {
    return ["center", "scale", "shift"].every((name) => typeof field(value, name) === "number");
  }

  /** What a scaled value becomes at last. */
  protected bound(y: number): number {
    return y;
  }

  protected abstract measure(present: Float64Array): Scaling;
}

export interface StandardScalerOptions {
  /** Subtracts the mean; true if not given. */
  readonly withMean?: boolean | undefined;
  /** Divides by the standard deviation; true if not given. */
  readonly withStd?: boolean | undefined;
}

/** Standardizes: (x − mean) / std, with the standard deviation of the population; 1 where all values are the same. */
export class StandardScaler extends Scaler {
  readonly kind = "StandardScaler";
  readonly #options: StandardScalerOptions;

  constructor(options: StandardScalerOptions = {}) {
    super();
    this.#options = options;
  }

  protected override options(): StandardScalerOptions {
    return this.#options;
  }

  protected override measure(present: Float64Array): Scaling {
    const { withMean = true, withStd = true } = this.#options;
    const n = present.length;
    const mean = present.reduce((sum, x) => sum + x, 0) / n;
    const variance = present.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    // What rounding alone can make of equal values.
    const isConstant = variance <= (n * mean * Number.EPSILON) ** 2;
    return { center: withMean ? mean : 0, scale: withStd && !isConstant ? Math.sqrt(variance) : 1, shift: 0 };
  }
}

export interface MinMaxScalerOptions {
  /** What the least and the greatest value become; 0 and 1 if not given. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Keeps values that lie outside of what `fit` saw within the range; false if not given. */
  readonly clip?: boolean | undefined;
}

/** Scales to a range: (x − min) / (max − min) · (high − low) + low. */
export class MinMaxScaler extends Scaler {
  readonly kind = "MinMaxScaler";
  readonly #low: number;
  readonly #high: number;
  readonly #clip: boolean;

  /** Throws ArgumentError unless the range's low end is below its high end. */
  constructor({ range: [low, high] = [0, 1], clip = false }: MinMaxScalerOptions = {}) {
    super();
    if (!(low < high)) throw new ArgumentError(`[MinMaxScaler] range [${low}, ${high}]: expected the low end first, below the high end`);
    this.#low = low;
    this.#high = high;
    this.#clip = clip;
  }

  protected override options(): MinMaxScalerOptions {
    return { range: [this.#low, this.#high], clip: this.#clip };
  }

  protected override measure(present: Float64Array): Scaling {
    const min = present.reduce((least, x) => Math.min(least, x), Infinity);
    const max = present.reduce((greatest, x) => Math.max(greatest, x), -Infinity);
    return { center: min, scale: (max === min ? 1 : max - min) / (this.#high - this.#low), shift: this.#low };
  }

  protected override bound(y: number): number {
    // Not a number is kept: no comparison with it holds.
    if (!this.#clip) return y;
    return y < this.#low ? this.#low : y > this.#high ? this.#high : y;
  }
}

export interface RobustScalerOptions {
  /** Percentiles whose difference is the scale; 25 and 75 if not given. */
  readonly quantileRange?: readonly [low: number, high: number] | undefined;
}

/** Scales by what outliers do not move: (x − median) / (the difference of two percentiles, 1 where it is 0). */
export class RobustScaler extends Scaler {
  readonly kind = "RobustScaler";
  readonly #low: number;
  readonly #high: number;

  /** Throws ArgumentError unless 0 ≤ low < high ≤ 100. */
  constructor({ quantileRange: [low, high] = [25, 75] }: RobustScalerOptions = {}) {
    super();
    if (!(low >= 0 && low < high && high <= 100)) {
      throw new ArgumentError(`[RobustScaler] quantileRange [${low}, ${high}]: expected two percentiles from 0 to 100, the lower first`);
    }
    this.#low = low;
    this.#high = high;
  }

  protected override options(): RobustScalerOptions {
    return { quantileRange: [this.#low, this.#high] };
  }

  protected override measure(present: Float64Array): Scaling {
    const sorted = present.slice().sort();
    const scale = percentile(sorted, this.#high) - percentile(sorted, this.#low);
    return { center: percentile(sorted, 50), scale: scale === 0 ? 1 : scale, shift: 0 };
  }
}
