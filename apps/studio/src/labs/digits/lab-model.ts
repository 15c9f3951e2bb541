import { computed, signal } from "@preact/signals";
import type { MetricsLine } from "gradus";
import type { PickedFile } from "./lab-data.js";
import type { Stroke } from "./prepare-drawing.js";
import type { LabEvent, LabRequest, LabState, Seen } from "./protocol.js";
import { defaultSetting, type DigitsSetting } from "./setting.js";

/** The network at work. */
export type Opened = Extract<LabEvent, { kind: "opened" }>;
type Weights = Extract<LabEvent, { kind: "weights" }>;
type Judged = Extract<LabEvent, { kind: "judged" }>;
type Saved = Extract<LabEvent, { kind: "saved" }>;

/** Answers whose times make the median that is shown. */
const timedAnswers = 30;
/** The accuracy whose time is told. */
export const goal = 0.95;

/** What the digits lab's page shows, and the worker that computes it. */
export class LabModel {
  readonly opened = signal<Opened | undefined>(undefined);
  readonly state = signal<{ readonly state: LabState; readonly message: string }>({ state: "preparing", message: "Preparing …" });
  readonly error = signal("");
  readonly lines = signal<readonly MetricsLine[]>([]);
  readonly progress = signal({ step: 0, epoch: 0, rate: 0 });
  readonly weights = signal<Weights | undefined>(undefined);
  readonly judged = signal<Judged | undefined>(undefined);
  readonly seen = signal<Seen | undefined>(undefined);
  /** What is chosen in the page; a network of other settings may be at work. */
  readonly setting = signal<DigitsSetting>(defaultSetting);
  readonly strokes = signal<readonly Stroke[]>([]);
  /** Milliseconds from a movement of the pen to its answer on the page. */
  readonly answerMs = signal<readonly number[]>([]);
  /** Seconds from the opening of the lab to an accuracy of 95 %, for a network that was trained here. */
  readonly goalSeconds = signal<number | undefined>(undefined);
  readonly isTraining = computed(() => this.state.value.state === "training");
  /** Whether the chosen settings are not those of the network. */
  readonly isChanged = computed(() => this.opened.value !== undefined && JSON.stringify(this.setting.value) !== JSON.stringify(this.opened.value.setting));
  readonly #worker = new Worker(new URL("../lab-worker.ts", import.meta.url), { type: "module", name: "digits" });
  readonly #openedAt = performance.now();
  /** Whether settings were chosen that no network was asked for with. */
  #isChosen = false;
  #nextId = 1;
  /** The drawing that the worker reads, and the newest one, which waits until it is done. */
  #asked: { readonly id: number; readonly at: number | undefined } | undefined;
  #waiting: (() => void) | undefined;
  #testImage = -1;
  #saving: { readonly done: (saved: Saved) => void; readonly failed: (error: Error) => void } | undefined;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<LabEvent>) => this.#take(data);
    this.#worker.onerror = (event) => (this.error.value = event.message || "The lab's worker could not be started.");
    this.#post({ kind: "begin" });
  }

  /** Ends the worker; what was learned lies in the browser's storage. */
  close(): void {
    this.#worker.terminate();
  }

  train(slow: boolean): void {
    this.#post({ kind: "speed", speed: slow ? "slow" : "full" });
  }

  pause(): void {
    this.#post({ kind: "speed", speed: "paused" });
  }

  step(): void {
    this.#post({ kind: "step" });
  }

  /** A fresh network of the chosen settings. */
  renew(): void {
    this.#isChosen = false;
    this.judged.value = undefined;
    this.#post({ kind: "open", setting: this.setting.value });
  }

  /** Changes settings; a network that has not learned anything yet takes them at once. */
  choose(setting: DigitsSetting): void {
    this.setting.value = setting;
    this.#isChosen = true;
    if (this.state.value.state === "fresh") this.renew();
  }

  /** Trains a fresh network of other settings, in sight. */
  tryOut(setting: DigitsSetting): void {
    this.setting.value = setting;
    this.renew();
    this.train(false);
  }

  draw(strokes: readonly Stroke[], at = performance.now()): void {
    this.strokes.value = strokes;
    this.#ask(at, (id) => ({ kind: "look", id, strokes }));
  }

  showTestImage(index = this.#testImage + 1): void {
    this.#testImage = index;
    this.strokes.value = [];
    this.#ask(undefined, (id) => ({ kind: "lookAt", id, index }));
  }

  judge(): void {
    this.#post({ kind: "judge" });
  }

  useData(files: readonly PickedFile[]): void {
    this.judged.value = undefined;
    this.#post({ kind: "data", files });
  }

  load(name: string, files: readonly PickedFile[]): void {
    this.#post({ kind: "load", name, files });
  }

  /** The network as a run's files; as one archive if asked for. */
  save(name: string, archive: boolean): Promise<readonly PickedFile[]> {
    return new Promise((resolve, reject) => {
      this.#saving = { done: ({ files }) => resolve(files), failed: reject };
      this.#post({ kind: "save", name, archive });
    });
  }

  /** Told when an answer is on the page. */
  answered(id: number): void {
    if (this.#asked?.id !== id) return;
    const { at } = this.#asked;
    if (at !== undefined) this.answerMs.value = [...this.answerMs.peek(), performance.now() - at].slice(-timedAnswers);
    this.#next();
  }

  #ask(at: number | undefined, request: (id: number) => LabRequest): void {
    const send = (): void => {
      const id = this.#nextId++;
      this.#asked = { id, at };
      this.#post(request(id));
    };
    if (this.#asked) this.#waiting = send;
    else send();
  }

  #next(): void {
    this.#asked = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  #post(request: LabRequest): void {
    this.#worker.postMessage(request);
  }

  #take(event: LabEvent): void {
    switch (event.kind) {
      case "opened":
        this.opened.value = event;
        if (event.from !== undefined) this.#isChosen = false;
        if (!this.#isChosen) this.setting.value = event.setting;
        this.lines.value = event.lines;
        this.progress.value = { step: event.lines.at(-1)?.step ?? 0, epoch: event.lines.at(-1)?.epoch ?? 0, rate: 0 };
        this.error.value = "";
        if (this.seen.peek()) return;
        // Drawn before there was a network to read it, or for one of other images.
        if (this.strokes.peek().length > 0) this.draw(this.strokes.peek());
        else this.showTestImage();
        return;
      case "state":
        this.state.value = event;
        // Chosen while the first images were drawn.
        if (event.state === "fresh" && this.#isChosen) this.renew();
        return;
      case "progress": {
        this.progress.value = event;
        if (event.lines.length > 0) this.lines.value = [...this.lines.peek(), ...event.lines];
        const reached = event.lines.some((line) => "validation" in line && (line.validation["accuracy"] ?? 0) >= goal);
        if (reached && this.opened.peek()?.from === undefined) this.goalSeconds.value ??= (performance.now() - this.#openedAt) / 1000;
        return;
      }
      case "weights":
        this.weights.value = event;
        return;
      case "judged":
        this.judged.value = event;
        return;
      case "seen":
        this.seen.value = event.seen;
        return;
      case "blank":
        this.seen.value = undefined;
        if (this.#asked?.id === event.id) this.#next();
        return;
      case "saved":
        this.#saving?.done(event);
        this.#saving = undefined;
        return;
      case "error":
        this.error.value = event.message;
        this.#saving?.failed(new Error(event.message));
        this.#saving = undefined;
        this.#next();
    }
  }
}
