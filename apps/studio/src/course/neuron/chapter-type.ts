import type { ComponentType } from "preact";
import type { Settings } from "../../labs/neuron/settings.js";

/** A file of the code that runs. */
export interface CodeFile {
  /** What it does, in a few words. */
  readonly title: string;
  /** Where it lies in the repository. */
  readonly path: string;
  readonly code: string;
}

/** A page of the course: what is explained, with which settings of the lab, and the code behind it. */
export interface Chapter {
  /** As the address names it. */
  readonly id: string;
  readonly title: string;
  /** What differs from the lab's defaults. */
  readonly settings: Partial<Settings>;
  readonly Text: ComponentType;
  readonly code: readonly CodeFile[];
}
