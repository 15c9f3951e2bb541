import type { ComputeType } from "../../ir/loop.js";
import { computeTypes, elementTypes, type VectorElement } from "./c-types.js";

/**
 * What stands at the head of every unit. gcc's C has no vector `?:` and leaves lane-by-lane loops scalar in larger
 * functions, so its own built-ins are used on x86; including <immintrin.h> for them would cost 0.15 s a unit. Clang
 * finds the same instructions in the generic spelling.
 */
export const preludeHead = `#include <stdint.h>
#define INLINE static inline __attribute__((always_inline))
#if !defined(__clang__) && defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define GCC_X512
#endif
#if !defined(__clang__) && defined(__AVX2__)
#define GCC_X256
#endif
#if !defined(__clang__) && defined(__SSE4_1__)
#define GCC_X128
#endif
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__aarch64__)
#define FAST_FMA
#endif
#ifndef __has_builtin
#define __has_builtin(name) 0
#endif
`;

/** Lines of a function body that are right where the preprocessor condition holds. */
export interface Variant {
  readonly when: string;
  readonly body: readonly string[];
}

/** The C definitions that some kernels need: each once, after those it needs itself. */
export class Prelude {
  readonly definitions = new Map<string, string>();

  define(name: string, make: () => string): string {
    if (!this.definitions.has(name)) this.definitions.set(name, make());
    return name;
  }

  /** Defines an inline function; the first variant whose condition holds is compiled, or else `body`. */
  function(result: string, name: string, parameters: string, body: readonly string[], variants: readonly Variant[] = []): string {
    return this.define(name, () => {
      const lines = [`INLINE ${result} ${name}(${parameters}) {`];
      variants.forEach((v, i) => lines.push(`#${i === 0 ? "if" : "elif"} ${v.when}`, ...v.body.map((l) => `  ${l}`)));
      if (variants.length > 0) lines.push("#else");
      lines.push(...body.map((l) => `  ${l}`));
      if (variants.length > 0) lines.push("#endif");
      return [...lines, "}"].join("\n");
    });
  }

  /** The type of `lanes` elements; one lane is the element itself. */
  vector(element: VectorElement, lanes: number): string {
    const { c, bytes } = elementTypes[element];
    if (lanes === 1) return c;
    const name = `${element}x${lanes}`;
    return this.define(name, () => `typedef ${c} ${name} __attribute__((vector_size(${bytes * lanes})));`);
  }

  /** The same as it may lie in memory: aligned as one element is. */
  unaligned(element: VectorElement, lanes: number): string {
    const { c, bytes } = elementTypes[element];
    const name = `${element}x${lanes}_at`;
    return this.define(name, () => `typedef ${c} ${name} __attribute__((vector_size(${bytes * lanes}), aligned(${bytes}), may_alias));`);
  }

  type(type: ComputeType, lanes: number): string {
    return lanes === 1 ? computeTypes[type].scalar : this.vector(computeTypes[type].vector, lanes);
  }

  /** The end of a function's name: the type it works on. */
  suffix(type: ComputeType, lanes: number): string {
    return lanes === 1 ? computeTypes[type].vector : this.vector(computeTypes[type].vector, lanes);
  }

  /** A function that copies a scalar into all lanes; a bool 1 becomes −1. */
  splat(type: ComputeType, lanes: number): string {
    const v = this.type(type, lanes);
    const copies = new Array<string>(lanes).fill(type === "bool" ? "m" : "a").join(", ");
    const name = `splat_${type === "bool" ? "bool_" : ""}${v}`;
    const scalar = computeTypes[type].scalar;
    return this.function(v, name, `${scalar} a`, type === "bool" ? ["int m = -a;", `return (${v}){${copies}};`] : [`return (${v}){${copies}};`]);
  }
}

export function elementBytes(type: ComputeType): number {
  return elementTypes[computeTypes[type].vector].bytes;
}
