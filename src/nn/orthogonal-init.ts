import { ShapeError } from "../core/errors.js";
import { formatShape, sizeOf, type Shape } from "../core/shape.js";
import { arange, eye, randn, scan, where, type Generator, type Tensor } from "../tensor/index.js";

export interface OrthogonalOptions {
  /** The length of the rows or columns; 1 if not given. */
  readonly gain?: number | undefined;
  /** The stream to draw from; the one that `manualSeed` starts if not given. */
  readonly generator?: Generator | undefined;
}

/**
 * A weight [out, …] that is, as a matrix of `out` rows, orthogonal: rows, or columns if there are fewer, have length `gain` and
 * are at right angles; all such are equally likely. Saxe et al. 2013. Throws ShapeError below rank 2.
 *
 * It is the product of reflections of random vectors (Stewart 1980, "The efficient generation of random orthogonal matrices"),
 * which is distributed as the Q of a normally distributed matrix, with signs such that R has a positive diagonal.
 */
export function orthogonal(shape: Shape, { gain = 1, ...options }: OrthogonalOptions = {}): Tensor {
  if (shape.length < 2) {
    throw new ShapeError(`[init] orthogonal makes matrices: ${formatShape(shape)} must have two axes or more`);
  }
  const [rows = 0, ...inner] = shape;
  const columns = sizeOf(inner);
  const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
  // Row k holds a random vector that begins at element k.
  const place = arange(long).unsqueeze(0);
  const first = arange(short).unsqueeze(1);
  const vectors = where(place.ge(first), randn([short, long], options), 0);
  const isFirst = place.eq(first);
  const signs = where(where(isFirst, vectors, 0).sum(1, { keepdims: true }).lt(0), -1, 1);
  // The mirror that takes a vector to the k-th axis; the sign avoids cancellation.
  const normals = vectors.add(where(isFirst, signs.mul(vectors.norm(1, { keepdims: true })), 0));
  const mirrors = normals.div(normals.norm(1, { keepdims: true }));
  const reflect = (q: Tensor, mirror: Tensor): readonly [Tensor, undefined] => {
    return [q.sub(mirror.unsqueeze(1).mul(mirror.matmul(q).mul(2))), undefined];
  };
  const [q] = scan(reflect, eye(long, short), mirrors, { reverse: true });
  const matrix = q.mul(signs.reshape(1, short)).mul(-gain);
  return (rows < columns ? matrix.transpose() : matrix).reshape(shape);
}
