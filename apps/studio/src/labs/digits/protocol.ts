import type { MetricsLine, Normalization } from "gradus";
import type { PickedFile } from "./lab-data.js";
import type { Speed } from "./pace.js";
import type { Stroke } from "./prepare-drawing.js";
import type { DigitsSetting } from "./setting.js";

/** What the page asks of the worker. */
export type LabRequest =
  /** Goes on with the session that was stored, or begins the default one. */
  | { readonly kind: "begin" }
  /** A fresh network. */
  | { readonly kind: "open"; readonly setting: DigitsSetting }
  /** Other images: IDX files, or the generated digits where there is none; a fresh network. */
  | { readonly kind: "data"; readonly files: readonly PickedFile[] }
  | { readonly kind: "speed"; readonly speed: Speed }
  | { readonly kind: "step" }
  /** A drawing, or a test image. */
  | { readonly kind: "look"; readonly id: number; readonly strokes: readonly Stroke[] }
  | { readonly kind: "lookAt"; readonly id: number; readonly index: number }
  | { readonly kind: "judge" }
  | { readonly kind: "load"; readonly name: string; readonly files: readonly PickedFile[] }
  /** The session as a run's files; as one archive if asked for. */
  | { readonly kind: "save"; readonly name: string; readonly archive: boolean };

/** Where the training stands. */
export type LabState = "preparing" | "fresh" | "training" | "paused" | "done" | "failed";

/** What a layer gave for one image. */
export interface LayerPicture {
  readonly name: string;
  /** [maps, height, width] or [neurons] */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What the network made of one image. */
export interface Seen {
  readonly id: number;
  /** What was shown: bytes of the prepared image. */
  readonly pixels: Uint8Array;
  /** How it was prepared, or which test image it is. */
  readonly how: string;
  /** What a test image shows. */
  readonly label?: number;
  readonly probabilities: Float32Array;
  readonly layers: readonly LayerPicture[];
}

/** How the weights of a layer are spread. */
export interface WeightSpread {
  readonly name: string;
  readonly shape: readonly number[];
  /** Counts in equal bins from −limit to limit. */
  readonly counts: Uint32Array;
  readonly limit: number;
  readonly std: number;
}

/** A test image that was read wrongly. */
export interface Misread {
  readonly index: number;
  readonly pixels: Uint8Array;
  readonly label: number;
  readonly predicted: number;
  readonly confidence: number;
}

/** What the worker tells the page. */
export type LabEvent =
  | {
      readonly kind: "opened";
      readonly setting: DigitsSetting;
      /** What computes, and with how many threads. */
      readonly device: string;
      readonly threads: number;
      /** Whether it is a GPU in name only. */
      readonly isSoftware: boolean;
      readonly data: { readonly name: string; readonly train: number; readonly test: number; readonly height: number; readonly width: number; readonly classNames: readonly string[] };
      /** How pixels become the network's input. */
      readonly pixels: Normalization;
      readonly parameters: number;
      readonly lines: readonly MetricsLine[];
      /** The network as a recipe for the command line. */
      readonly recipe: string;
      /** Where the network came from, if it is not fresh: "stored", or the name of a run. */
      readonly from?: string;
    }
  | { readonly kind: "state"; readonly state: LabState; readonly message: string }
  | { readonly kind: "progress"; readonly step: number; readonly epoch: number; readonly rate: number; readonly lines: readonly MetricsLine[] }
  | { readonly kind: "weights"; readonly filters: { readonly shape: readonly number[]; readonly values: Float32Array }; readonly spreads: readonly WeightSpread[] }
  | { readonly kind: "seen"; readonly seen: Seen }
  /** A drawing that holds nothing. */
  | { readonly kind: "blank"; readonly id: number }
  | {
      readonly kind: "judged";
      readonly step: number;
      readonly loss: number;
      readonly accuracy: number;
      readonly confusion: Uint32Array;
      readonly misread: readonly Misread[];
      readonly wrong: number;
    }
  | { readonly kind: "saved"; readonly name: string; readonly files: readonly PickedFile[] }
  | { readonly kind: "error"; readonly message: string };
