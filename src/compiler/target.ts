/** What the compiler knows of a machine. Tile sizes follow from these numbers, never from the backend's name. */
export interface Target {
  readonly name: string;
  /** Bytes of one vector register; 16 for SSE and WebAssembly, 32 for AVX2, 64 for AVX-512. */
  readonly vectorBytes: number;
  readonly vectorRegisters: number;
  /** Data caches of one core, in bytes. */
  readonly l1Bytes: number;
  readonly l2Bytes: number;
  /** Whether float64 can be computed. */
  readonly float64: boolean;
  /** Largest memory that one program may use. */
  readonly memoryBytes: number;
}
