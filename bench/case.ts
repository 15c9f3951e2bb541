/** One thing that is timed, by us and by a peer under the same name. */
export interface BenchCase {
  readonly suite: "kernels" | "steps";
  readonly name: string;
  /** Floating-point operations of one run, where they are the measure. */
  readonly flops?: number;
  /** Bytes that one run has to move, where they are the measure. */
  readonly bytes?: number;
  /** Makes the work ready on a device; each call of the result is one run, done when its promise settles. */
  prepare(deviceName: string): () => Promise<void>;
}
