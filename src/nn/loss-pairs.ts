import {
  contrastiveLoss,
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  hingeLoss,
  infoNce,
  marginRankingLoss,
  ntXentLoss,
  tripletMarginLoss,
} from "../tensor/index.js";
import type { InfoNceOptions, MarginOptions, SimilarityOptions, Tensor, TripletOptions } from "../tensor/index.js";
import { Loss, type Pair } from "./loss.js";

type LabelledPair = [first: Tensor, second: Tensor, target: Tensor];

/** max(0, margin − target·input) of labels ±1; see `hingeLoss`. */
export class HingeLoss extends Loss<Pair, MarginOptions> {
  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return hingeLoss(input, target, this.options);
  }
}

/** A distance, or its shortfall from a margin, by labels ±1; see `hingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends Loss<Pair, MarginOptions> {
  /** Throws ShapeError. */
  forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, this.options);
  }
}

/** Which of two scores should be the higher, by labels ±1; see `marginRankingLoss`. */
export class MarginRankingLoss extends Loss<LabelledPair, MarginOptions> {
  /** Throws ShapeError. */
  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(first, second, target, this.options);
  }
}

/** The positive should be nearer to the anchor than the negative; see `tripletMarginLoss`. */
export class TripletMarginLoss extends Loss<[anchor: Tensor, positive: Tensor, negative: Tensor], TripletOptions> {
  /** Throws ShapeError, ArgumentError. */
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginLoss(anchor, positive, negative, this.options);
  }
}

/** Pairs alike (0) should be near, others (1) a margin apart; see `contrastiveLoss`. */
export class ContrastiveLoss extends Loss<LabelledPair, MarginOptions> {
  /** Throws ShapeError. */
  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return contrastiveLoss(first, second, target, this.options);
  }
}

/** Pairs alike (1) should point one way, others (−1) apart; see `cosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends Loss<LabelledPair, MarginOptions> {
  /** Throws ShapeError. */
  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(first, second, target, this.options);
  }
}

/** Each query should choose its key among all keys, or among the negatives given third; see `infoNce`. */
export class InfoNCELoss extends Loss<[query: Tensor, key: Tensor, negatives?: Tensor], Omit<InfoNceOptions, "negatives">> {
  /** Throws ShapeError, ArgumentError. */
  forward(query: Tensor, key: Tensor, negatives?: Tensor): Tensor {
    return infoNce(query, key, { ...this.options, negatives });
  }
}

/** SimCLR's loss of two views; see `ntXentLoss`. */
export class NTXentLoss extends Loss<Pair, SimilarityOptions> {
  /** Throws ShapeError, ArgumentError. */
  forward(first: Tensor, second: Tensor): Tensor {
    return ntXentLoss(first, second, this.options);
  }
}
