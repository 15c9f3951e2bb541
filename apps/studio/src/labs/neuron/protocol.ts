import type { ActivationCurve } from "./activation-curve.js";
import type { KeptTraining } from "./kept-training.js";
import type { PlacedPoint, Snapshot } from "./lab-engine.js";
import type { WeightPlace } from "./learner.js";
import type { LineStyle } from "./line-painter.js";
import type { Settings } from "./settings.js";

/** What the page asks of the worker that trains. */
export type LabRequest =
  /** Other settings; `kept` is a training of them that is to go on, running if `runs`. */
  | { readonly kind: "configure"; readonly settings: Settings; readonly kept?: KeptTraining; readonly runs?: boolean }
  | { readonly kind: "run"; readonly on: boolean }
  /** 0 for as fast as it goes. */
  | { readonly kind: "speed"; readonly stepsPerSecond: number }
  | { readonly kind: "advance"; readonly by: "step" | "epoch" }
  | { readonly kind: "reset" }
  | { readonly kind: "weight"; readonly place: WeightPlace; readonly value: number }
  /** How the weights are drawn from now on. */
  | { readonly kind: "lines"; readonly style: LineStyle }
  /** The last snapshot is on the screen: another may follow. */
  | { readonly kind: "shown" };

/** What the worker tells the page. */
export type LabReply =
  /** The settings are those of the training now. */
  | { readonly kind: "configured"; readonly points: readonly PlacedPoint[]; readonly isKept: boolean; readonly curve: ActivationCurve }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly isRunning: boolean; readonly kept?: KeptTraining }
  /** The weights as lines. */
  | { readonly kind: "lines"; readonly picture: ImageBitmap }
  | { readonly kind: "failed"; readonly message: string };
