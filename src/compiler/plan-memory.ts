/** A region that is needed from the step that writes it to the last step that reads it. */
export interface Lifetime {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

const alignment = 64;

/** Offsets into one arena such that regions alive at the same time do not overlap, each in the smallest gap that fits. */
export function planMemory(lifetimes: readonly Lifetime[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: { begin: number; end: number; life: Lifetime }[] = [];
  let total = 0;
  const order = lifetimes.map((life, k) => ({ life, k })).sort((a, b) => b.life.bytes - a.life.bytes || a.life.from - b.life.from);
  for (const { life, k } of order) {
    const size = Math.ceil(life.bytes / alignment) * alignment;
    const busy = placed.filter((p) => p.life.from <= life.to && life.from <= p.life.to).sort((a, b) => a.begin - b.begin);
    let best = -1;
    let bestGap = Infinity;
    let at = 0;
    for (const p of busy) {
      const gap = p.begin - at;
      if (gap >= size && gap < bestGap) [best, bestGap] = [at, gap];
      at = Math.max(at, p.end);
    }
    const begin = best >= 0 ? best : at;
    offsets[k] = begin;
    placed.push({ begin, end: begin + size, life });
    total = Math.max(total, begin + size);
  }
  return { offsets, bytes: total };
}
