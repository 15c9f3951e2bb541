import type { Place, Program, Step } from "../../compiler/program.js";

/**
 * The buffers that a program sees, numbered: the arena, the constants, the inputs, and the outputs that no input's memory
 * is used for. An output that may take an input's memory always does: it is the same buffer.
 */
export class MemoryRoots {
  static readonly arena = 0;
  static readonly constants = 1;
  readonly count: number;
  readonly #inputs: number;
  readonly #inPlace: readonly number[];

  constructor({ inputs, outputs, inPlace }: Program) {
    this.#inputs = 2;
    this.#inPlace = inPlace;
    this.count = 2 + inputs.length + outputs.length;
  }

  input(index: number): number {
    return this.#inputs + index;
  }

  output(index: number): number {
    const donor = this.#inPlace[index] ?? -1;
    return donor >= 0 ? this.input(donor) : this.count - this.#inPlace.length + index;
  }

  of({ base, index }: Place): number {
    if (base === "arena") return MemoryRoots.arena;
    if (base === "constant") return MemoryRoots.constants;
    return base === "input" ? this.input(index) : this.output(index);
  }
}

/** All steps but loops, those in loops included. */
export function innerSteps(steps: readonly Step[]): Exclude<Step, { readonly kind: "loop" }>[] {
  return steps.flatMap((step) => (step.kind === "loop" ? innerSteps(step.body) : [step]));
}
