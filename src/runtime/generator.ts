import type { Value } from "../ir/graph.js";
import { concat, constant, randomBits, reshape } from "../ops/index.js";
import { tracing, type RandomStream } from "./cell.js";
import { hostLeaf } from "./host-storage.js";

/**
 * A stream of random numbers: a key, and a counter of draws. Equal seeds give equal streams on every device, plain and
 * compiled.
 */
export class Generator {
  /** Two 32-bit words. */
  key: readonly [number, number];
  /** How many draws were taken. */
  counter = 0;

  /** Throws nothing; `seed` may be any number, of which 64 bits count. */
  constructor(seed: number) {
    this.key = keyOf(seed);
  }

  /** Starts the stream of another seed. */
  seed(seed: number): void {
    this.key = keyOf(seed);
    this.counter = 0;
  }

  /** The key of the next draw: key and counter as uint32[3], fixed from now on. */
  draw(): Value {
    return drawKey(this);
  }

  /** Key and counter of one draw as the device reads them. */
  bytesAt(counter: number): Uint8Array {
    return new Uint8Array(Uint32Array.of(this.key[0], this.key[1], counter).buffer);
  }
}

/** The key of a stream's next draw, from the running trace if there is one. */
export function drawKey(stream: RandomStream): Value {
  return tracing.current ? tracing.current.draw(stream) : hostLeaf(drawType, stream.bytesAt(stream.counter++));
}

/** Keys of `count` independent draws, [count, 3], from that of one: two random words and a counter of 0 each. */
export function keysFrom(key: Value, count: number): Value {
  return concat([reshape(randomBits(key, [2 * count]), [count, 2]), constant(0, "uint32", [count, 1])], 1);
}

/** Type of a draw's key. */
export const drawType = { shape: [3], dtype: "uint32" } as const;

function keyOf(seed: number): [number, number] {
  return [Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0];
}

/** The stream that is used where none is given. Its key and counter are what a training that is to be gone on with has to keep. */
export const defaultGenerator = new Generator(0);

/** Starts the default stream of random numbers anew, so that what follows can be repeated. */
export function manualSeed(seed: number): void {
  defaultGenerator.seed(seed);
}
