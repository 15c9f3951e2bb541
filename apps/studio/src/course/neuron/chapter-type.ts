import type { ComponentType } from "preact";
import type { Settings } from "../../labs/neuron/settings.js";
import type { CodeFile } from "../code-files.js";

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
