/**
 * The generator xoshiro128** 1.1 over 32-bit words: the same stream on every engine, because it uses only integer
 * operations. Any number of seed words gives an independent stream, e.g. `new Xoshiro128(seed, split, index)`.
 *
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.
 */
export class Xoshiro128 {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(...seedWords: number[]) {
    let hash = 0x9e3779b9;
    for (const word of seedWords) hash = mix((hash ^ word) + 0x9e3779b9);
    this.#a = mix(hash + 0x9e3779b9);
    this.#b = mix(hash + 0x3c6ef372);
    this.#c = mix(hash + 0xdaa66d2b);
    // An odd word keeps the state from being all zero, the one state that never leaves itself.
    this.#d = mix(hash + 0x78dde6e4) | 1;
  }

  /** The next 32 random bits as an unsigned integer. */
  uint32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** A number in `[low, high)`, uniform. */
  uniform(low: number, high: number): number {
    return low + (high - low) * (this.uint32() / 4294967296);
  }

  /** An integer in `[0, count)`, uniform up to a bias of `count / 2^32`. */
  below(count: number): number {
    return Math.floor((this.uint32() / 4294967296) * count);
  }

  /**
   * A bell-shaped number of mean 0 and standard deviation 1, within ±3.5: the sum of one draw's four bytes.
   * Logarithms and cosines, which an exact normal needs, differ in their last bits between engines.
   */
  bell(): number {
    const bits = this.uint32();
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    return (sum - 510) / 147.8005413;
  }
}

/** The finalizer of MurmurHash3: every input bit changes every output bit with probability about one half. */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
