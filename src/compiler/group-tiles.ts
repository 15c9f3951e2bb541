import { lanesOf } from "../ops/lane-tile.js";
import type { GroupTarget, GroupTile } from "./target.js";

const tile = (rows: number, columns: number, steps: number, laneRows: number, laneColumns: number): GroupTile => ({ rows, columns, steps, laneRows, laneColumns });

/** Tiles for large products. Which is the fastest depends on the machine; the numbers are the same with each. */
export const largeTiles: readonly GroupTile[] = [tile(128, 128, 8, 8, 8), tile(64, 128, 8, 8, 4), tile(128, 64, 8, 4, 8), tile(64, 64, 16, 4, 4)];

/** Tiles for products that are small, or narrow in one way. */
export const smallTiles: readonly GroupTile[] = [
  tile(32, 64, 16, 4, 4),
  tile(32, 32, 16, 4, 4),
  tile(32, 32, 16, 2, 2),
  tile(16, 128, 16, 4, 4),
  tile(16, 64, 16, 4, 4),
  tile(16, 32, 16, 2, 4),
  tile(16, 16, 16, 2, 2),
  tile(8, 128, 16, 4, 4),
  tile(8, 64, 16, 2, 4),
  tile(8, 32, 16, 2, 2),
  tile(4, 256, 8, 4, 4),
  tile(4, 128, 8, 2, 4),
  tile(128, 16, 16, 4, 4),
  tile(64, 16, 16, 4, 4),
  tile(64, 8, 16, 4, 2),
  tile(128, 4, 16, 4, 2),
];

/** Tiles whose lanes read operands from where they lie: for small products, and for machines to which waiting costs much. */
export const directTiles: readonly GroupTile[] = [
  tile(32, 32, 0, 8, 8),
  tile(32, 32, 0, 4, 4),
  tile(16, 32, 0, 8, 8),
  tile(16, 16, 0, 4, 4),
  tile(8, 32, 0, 4, 4),
  tile(32, 8, 0, 8, 2),
  tile(16, 16, 0, 2, 2),
  tile(64, 64, 0, 8, 8),
  tile(64, 64, 0, 4, 4),
];

/** Invocations that occupy a large GPU. */
const wantedInvocations = 32_768;

/** Cost of a read from shared memory, in multiply-adds. */
const readCost = 2;

/** Whether a machine's groups are large enough for a tile. */
export function tileFits(t: GroupTile, { invocations, sharedBytes }: GroupTarget, bytes: number): boolean {
  return lanesOf(t) <= invocations && t.steps * (t.rows + t.columns + 2) * bytes <= sharedBytes;
}

/**
 * The tile that is the fastest for `batch` products of M × N results, by what was measured or else by estimate; `long` sums need
 * more registers.
 */
export function chooseTile(batch: number, M: number, N: number, long: boolean, machine: GroupTarget, bytes: number): GroupTile {
  const { tiles = [...largeTiles, ...smallTiles] } = machine;
  const fitting = tiles.filter((t) => tileFits(t, machine, bytes) && (!long || t.laneRows * t.laneColumns <= 16));
  const measured = fitting.filter(({ cost }) => cost);
  const candidates = measured.length > 0 ? measured : fitting;
  const time = (t: GroupTile): number => {
    const groups = batch * Math.ceil(M / t.rows) * Math.ceil(N / t.columns);
    if (t.cost) return Math.max(groups * t.rows * t.columns * t.cost.product, t.cost.step);
    const busy = Math.min(1, (groups * lanesOf(t)) / wantedInvocations);
    return (groups * t.rows * t.columns * (1 + readCost * (1 / t.laneRows + 1 / t.laneColumns))) / busy;
  };
  return candidates.reduce((best, t) => (time(t) < time(best) ? t : best), candidates[0] ?? tile(8, 8, 8, 1, 1));
}
