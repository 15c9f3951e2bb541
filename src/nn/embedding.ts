import { ArgumentError } from "../core/errors.js";
import { arange, embedding, noGrad, norm, Parameter, randn, where, zeros, type Tensor } from "../tensor/index.js";
import { Module } from "./module.js";
import { requireSizes } from "./require-sizes.js";

export interface EmbeddingLayerOptions {
  /** An id whose row begins as 0 and is not trained; negative ones count from the end. */
  readonly paddingIdx?: number | undefined;
  /** Rows that are looked up and are longer than this are first shortened to it, in place. */
  readonly maxNorm?: number | undefined;
  /** The p of the p-norm that maxNorm limits; 2 if not given. */
  readonly normType?: number | undefined;
}

/** A learned vector for each of numEmbeddings ids: [...] to [..., embeddingDim]. The weight begins as N(0, 1). */
export class Embedding extends Module<Tensor, Tensor> {
  /** The id whose row is not trained, from 0. */
  readonly paddingIdx: number | undefined;
  readonly maxNorm: number | undefined;
  readonly normType: number;
  /** [numEmbeddings, embeddingDim]. */
  weight: Parameter;

  /** Throws ArgumentError for sizes that are no whole numbers above 0 and for a paddingIdx that is no id. */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    super();
    requireSizes("Embedding", { numEmbeddings, embeddingDim });
    const { paddingIdx, maxNorm, normType = 2 } = options;
    if (paddingIdx !== undefined && !(paddingIdx >= -numEmbeddings && paddingIdx < numEmbeddings)) {
      throw new ArgumentError(`[Embedding] paddingIdx ${paddingIdx} is none of the ${numEmbeddings} ids`);
    }
    this.paddingIdx = paddingIdx === undefined || paddingIdx >= 0 ? paddingIdx : paddingIdx + numEmbeddings;
    this.maxNorm = maxNorm;
    this.normType = normType;
    const rows = randn([numEmbeddings, embeddingDim]);
    const padding = this.paddingIdx;
    this.weight = new Parameter(
      padding === undefined ? rows : where(arange(numEmbeddings).eq(padding).unsqueeze(1), 0, rows),
    );
  }

  /** Throws DTypeError for ids that are no integers. */
  forward(ids: Tensor): Tensor {
    if (this.maxNorm !== undefined) this.shorten(ids, this.maxNorm);
    return embedding(ids, this.weight, { paddingIdx: this.paddingIdx });
  }

  /** Scales the rows of these ids that are longer than `most` down to it. */
  private shorten(ids: Tensor, most: number): void {
    noGrad(() => {
      const { weight } = this;
      const flat = ids.flatten();
      const isUsed = zeros([weight.shape[0] ?? 0], { device: weight.device })
        .scatterAdd(0, flat, flat.mul(0).add(1).astype("float32"))
        .gt(0);
      const length = norm(weight, 1, { ord: this.normType });
      const factor = where(isUsed.logicalAnd(length.gt(most)), length.add(1e-7).reciprocal().mul(most), 1);
      weight.assign(weight.mul(factor.unsqueeze(1)));
    });
  }

  override describe(): string {
    const { paddingIdx, maxNorm } = this;
    const padding = paddingIdx === undefined ? "" : `, paddingIdx: ${paddingIdx}`;
    return `${this.weight.shape.join(", ")}${padding}${maxNorm === undefined ? "" : `, maxNorm: ${maxNorm}`}`;
  }
}
