import type { LaneShape } from "../ops/lane-tile.js";

/** What the compiler knows of a machine. Tile sizes follow from these numbers, never from the backend's name. */
export interface Target {
  readonly name: string;
  /** Bytes of one vector register; 16 for SSE and WebAssembly, 32 for AVX2, 64 for AVX-512. */
  readonly vectorBytes: number;
  readonly vectorRegisters: number;
  /** Where all operands of a loop's step are loaded before its first product: the registers that these and the sums may take. */
  readonly operandRegisters?: number;
  /**
   * Vectors that a loop takes at a time where each takes many operations one after the other, 1 if not given: more where the machine
   * code is written as it comes and the processor does not look far enough ahead to begin with the next vector.
   */
  readonly interleaved?: number;
  /** Data caches of one core, in bytes. */
  readonly l1Bytes: number;
  readonly l2Bytes: number;
  /** Whether float64 can be computed. */
  readonly float64: boolean;
  /** Largest memory that one program may use. */
  readonly memoryBytes: number;
  /** Where many invocations run side by side: items are then elements, or are run by groups of invocations. */
  readonly group?: GroupTarget;
}

/** What the compiler knows of a machine that runs groups of invocations, such as a GPU. */
export interface GroupTarget {
  /** The most invocations of one group. */
  readonly invocations: number;
  /** Memory that a group may share, without what `combine` needs. */
  readonly sharedBytes: number;
  /** Whether shared memory can hold float16 as such, in 2 bytes. */
  readonly halves?: boolean;
  /** Buffers that a kernel may be passed. */
  readonly buffers: number;
  /** Scratch memory that one invocation may have. */
  readonly privateBytes: number;
  /** The tiles to choose from: `largeTiles` and `smallTiles` if not given. */
  readonly tiles?: readonly GroupTile[];
}

/** The results of a contraction that a group computes together. */
export interface GroupTile extends LaneShape {
  /** Steps that are in shared memory at a time; 0 where lanes read operands from where they lie, and never wait for each other. */
  readonly steps: number;
  /** What it was measured to cost. */
  readonly cost?: TileCost;
}

/** What a tile costs on a machine, in nanoseconds. */
export interface TileCost {
  /** A multiply-add where groups are as many as the machine likes. */
  readonly product: number;
  /** A step of one group that runs by itself: how long a few groups take, however few. */
  readonly step: number;
}
