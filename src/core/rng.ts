/** Operations on 32-bit words: numbers on the host, expressions in a kernel. */
export interface WordAlgebra<W> {
  constant(word: number): W;
  add(a: W, b: W): W;
  xor(a: W, b: W): W;
  /** Rotates left by 1 to 31 bits. */
  rotate(a: W, bits: number): W;
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/**
 * Threefry-2x32 with 20 rounds: 64 random bits for each key and counter, written once for host and kernels.
 *
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export function threefry<W>(words: WordAlgebra<W>, key: readonly [W, W], counter: readonly [W, W]): [W, W] {
  const [k0, k1] = key;
  const k2 = words.xor(words.xor(words.constant(0x1bd11bda), k0), k1);
  const schedule = [k0, k1, k2, k0, k1, k2, k0, k1];
  let x0 = words.add(counter[0], k0);
  let x1 = words.add(counter[1], k1);
  for (let round = 0; round < 20; round++) {
    x0 = words.add(x0, x1);
    x1 = words.xor(words.rotate(x1, rotations[round % 8] ?? 0), x0);
    if (round % 4 === 3) {
      const step = (round + 1) / 4;
      x0 = words.add(x0, schedule[step] ?? k0);
      x1 = words.add(x1, words.add(schedule[step + 1] ?? k1, words.constant(step)));
    }
  }
  return [x0, x1];
}

const hostWords: WordAlgebra<number> = {
  constant: (word) => word >>> 0,
  add: (a, b) => (a + b) >>> 0,
  xor: (a, b) => (a ^ b) >>> 0,
  rotate: (a, bits) => ((a << bits) | (a >>> (32 - bits))) >>> 0,
};

/** Threefry-2x32 on unsigned 32-bit numbers. */
export function threefry2x32(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  return threefry(hostWords, [key[0] >>> 0, key[1] >>> 0], [counter[0] >>> 0, counter[1] >>> 0]);
}

/** The first counter word of a draw's own key ("draw" in ASCII), apart from the words that derive other keys. */
export const drawTag = 0x64726177;

/** The key of one draw from the stream of `key`, at position `counter`. */
export function drawKey(key: readonly [number, number], counter: number): [number, number] {
  return threefry2x32(key, [drawTag, counter >>> 0]);
}

/** 32 random bits: element `i` of a draw. */
export function drawBits(key: readonly [number, number], i: number): number {
  const [x0, x1] = threefry2x32(key, [0, i]);
  return (x0 ^ x1) >>> 0;
}

/** What happens with a probability happens where 24 random bits are a number below this: from 0 to 2²⁴. */
export function likelyBelow(probability: number): number {
  return Math.round(probability * 2 ** 24);
}
