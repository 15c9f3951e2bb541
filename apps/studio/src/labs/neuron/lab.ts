import { batch, computed, signal } from "@preact/signals";
import { parseRoute, route, setOptions, writeAddress } from "../../route.js";
import type { ActivationCurve } from "./activation-curve.js";
import { optionsOf, roundedPoint, settingsOf, sound } from "./address.js";
import type { Unit } from "./diagram-layout.js";
import type { PlacedPoint, Snapshot } from "./lab-engine.js";
import type { WeightPlace } from "./learner.js";
import { keepInPage, keptInPage, type KeptLab } from "./keep-in-page.js";
import type { LineStyle } from "./line-painter.js";
import { noHistory, withRecords } from "./loss-history.js";
import { pageParts, type PagePart } from "./page-part.js";
import type { LabReply, LabRequest } from "./protocol.js";
import { defaults, limits, type LabPoint, type Settings } from "./settings.js";

/** Steps a second at which a training can be watched. */
export const usualSpeed = 200;

/** Milliseconds without a change after which the address follows the settings. */
const rest = 250;

/** Milliseconds between two changes of the numbers and curves while a training runs. */
const readingTime = 200;

/** A chapter and its settings. */
export interface LabBeginning {
  readonly chapter: string;
  readonly settings: Settings;
}

/** The lab as the page sees it: what is set, what the worker says, and what is chosen on the page. */
export class Lab {
  readonly settings = signal<Settings>(defaults);
  readonly snapshot = signal<Snapshot | undefined>(undefined);
  /** A snapshot whose numbers can be read: while the training runs the next one comes some time after it. */
  readonly figures = signal<Snapshot | undefined>(undefined);
  /** The weights as lines. */
  readonly lines = signal<ImageBitmap | undefined>(undefined);
  readonly points = signal<readonly PlacedPoint[]>([]);
  readonly curve = signal<ActivationCurve | undefined>(undefined);
  readonly history = signal(noHistory);
  readonly isRunning = signal(false);
  readonly failure = signal<string | undefined>(undefined);
  /** Steps a second; 0 for as many as there is time for. */
  readonly speed = signal(usualSpeed);
  readonly chapter = signal("");
  /** Whether the answer is shown as classes, without shades. */
  readonly isDiscrete = signal(false);
  readonly showsTest = signal(true);
  readonly hiddenParts = signal<ReadonlySet<PagePart>>(new Set());
  /** The neuron whose numbers are shown. */
  readonly selected = signal<Unit | undefined>(undefined);
  /** The neuron under the pointer or the keyboard's focus: the plane shows its picture. */
  readonly pointed = signal<Unit | undefined>(undefined);
  readonly outputs = computed(() => this.snapshot.value?.weights.at(-1)?.outputs ?? 1);

  readonly #worker = new Worker(new URL("../lab-worker.ts", import.meta.url), { type: "module", name: "neuron-lab" });
  #sent: Settings | undefined;
  /** Whether the worker is at work on settings. */
  #isConfiguring = false;
  /** Whether the settings that the worker is at work on belong to a training that goes on. */
  #goesOn = false;
  #lastFigures = -Infinity;
  /** The losses with those that the curves do not show yet. */
  #history = noHistory;
  #addressTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #onAddress = (): void => this.#adopt();
  /** A reload finds in the address what was set last. */
  readonly #onLeave = (): void => this.writeAddress();

  readonly #beginning: LabBeginning;

  /** Begins with what the address says, and goes on where a training of these settings was left; an address that says nothing means what was left, or the beginning of the course. */
  constructor(beginning: LabBeginning) {
    this.#beginning = beginning;
    this.#worker.onmessage = ({ data }: MessageEvent<LabReply>) => this.#take(data);
    this.#worker.onerror = ({ message }) => (this.failure.value = message || "the worker that trains did not start");
    window.addEventListener("hashchange", this.#onAddress);
    window.addEventListener("pagehide", this.#onLeave);
    const kept = keptInPage();
    if (kept && parseRoute(location.hash).options.size === 0) setOptions(kept.options);
    this.setSpeed(kept?.speed ?? usualSpeed);
    this.#adopt(kept);
  }

  /** Ends the worker. */
  close(): void {
    window.removeEventListener("hashchange", this.#onAddress);
    window.removeEventListener("pagehide", this.#onLeave);
    this.writeAddress();
    this.#worker.terminate();
  }

  /** Changes settings; the address follows. */
  change(change: Partial<Settings>): void {
    this.settings.value = sound({ ...this.settings.peek(), ...change });
    // A neuron that goes away is not left by the pointer.
    if (change.hidden || change.model) this.pointed.value = undefined;
    this.#configure();
    this.touchAddress();
  }

  /** Opens a chapter with its settings. */
  open({ chapter, settings }: LabBeginning): void {
    batch(() => {
      this.chapter.value = chapter;
      this.isDiscrete.value = false;
      this.selected.value = undefined;
      this.pointed.value = undefined;
      this.settings.value = settings;
      this.run(false);
      // The same settings begin anew as well.
      this.reset();
    });
    this.touchAddress();
  }

  /** Has the address follow what changed. */
  touchAddress(): void {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => this.writeAddress(), rest);
  }

  run(on: boolean): void {
    this.failure.value = undefined;
    this.isRunning.value = on;
    this.#act({ kind: "run", on });
  }

  advance(by: "step" | "epoch"): void {
    this.failure.value = undefined;
    this.isRunning.value = false;
    this.#act({ kind: "advance", by });
  }

  reset(): void {
    this.#forgetLosses();
    this.#act({ kind: "reset" });
  }

  setSpeed(stepsPerSecond: number): void {
    this.speed.value = stepsPerSecond;
    this.#send({ kind: "speed", stepsPerSecond });
  }

  setWeight(place: WeightPlace, value: number): void {
    this.#act({ kind: "weight", place, value });
  }

  /** Has the worker draw the weights in another way. */
  styleLines(style: LineStyle): void {
    this.#send({ kind: "lines", style });
  }

  /** Adds a point to those that are there; generated ones become drawn ones. */
  addPoint(point: LabPoint): void {
    const points = this.#drawn();
    if (points.length >= limits.drawn) return;
    this.#draw([...points, roundedPoint(point, this.settings.peek().problem)]);
  }

  /** Takes away the points near a place. */
  erase({ x1, x2 }: Pick<LabPoint, "x1" | "x2">, radius: number): void {
    const points = this.#drawn();
    const left = points.filter((point) => Math.hypot(point.x1 - x1, point.x2 - x2) > radius);
    if (left.length < points.length) this.#draw(left);
  }

  /** Makes the points that are there the user's own. */
  keepPoints(): void {
    this.#draw(this.#drawn());
  }

  clearPoints(): void {
    this.#draw([]);
  }

  #drawn(): readonly LabPoint[] {
    const { points, drawn, problem } = this.settings.peek();
    if (points === "drawn") return drawn;
    return this.points.peek().slice(0, limits.drawn).map(({ x1, x2, target }) => roundedPoint({ x1, x2, target }, problem));
  }

  #draw(drawn: readonly LabPoint[]): void {
    // What is drawn is seen at once; the worker says later which points test.
    const isTest = this.points.peek().map((point) => point.isTest);
    this.points.value = drawn.map((point, i) => ({ ...point, isTest: isTest[i] ?? false }));
    this.change({ points: "drawn", drawn, classes: this.settings.peek().classes });
  }

  #send(request: LabRequest): void {
    this.#worker.postMessage(request);
  }

  /** Has the training do something with the settings of now, also where the worker is at work on others. */
  #act(request: LabRequest): void {
    this.#isConfiguring = false;
    this.#configure();
    this.#send(request);
  }

  /** One change after another: while the worker is at one, the next ones are taken together. `kept` is a training of these settings that is to go on. */
  #configure(kept?: KeptLab): void {
    const settings = this.settings.peek();
    if (this.#isConfiguring || settings === this.#sent) return;
    this.#isConfiguring = true;
    this.#sent = settings;
    this.#send({ kind: "configure", settings, ...(kept && { kept: kept.training, runs: kept.isRunning }) });
  }

  #take(reply: LabReply): void {
    if (reply.kind === "failed") {
      this.failure.value = reply.message;
      this.isRunning.value = false;
      this.#isConfiguring = false;
      this.#configure();
      return;
    }
    if (reply.kind === "configured") {
      this.#isConfiguring = false;
      batch(() => {
        if (this.settings.peek() === this.#sent) this.points.value = reply.points;
        this.curve.value = reply.curve;
        this.failure.value = undefined;
        if (!reply.isKept && !this.#goesOn) this.#forgetLosses();
        this.#goesOn = false;
      });
      this.#configure();
      return;
    }
    if (reply.kind === "lines") {
      this.lines.value?.close();
      this.lines.value = reply.picture;
      return;
    }
    batch(() => this.#show(reply));
    requestAnimationFrame(() => this.#send({ kind: "shown" }));
  }

  #show({ snapshot, isRunning, kept }: Extract<LabReply, { kind: "snapshot" }>): void {
    this.snapshot.value = snapshot;
    if (snapshot.end !== undefined) this.isRunning.value = false;
    this.#history = withRecords(this.#history, snapshot.records);
    if (kept) keepInPage({ options: this.#options(), training: kept, history: this.#history, isRunning, speed: this.speed.peek() });
    const now = performance.now();
    if (isRunning && now - this.#lastFigures < readingTime) return;
    this.#lastFigures = now;
    this.figures.value = snapshot;
    this.history.value = this.#history;
  }

  /** Goes on with a training that was kept, running if it was. */
  #goOn(kept: KeptLab): void {
    this.#goesOn = true;
    this.#history = kept.history;
    this.history.value = kept.history;
    this.isRunning.value = kept.isRunning;
    this.#configure(kept);
  }

  #forgetLosses(): void {
    this.#history = noHistory;
    this.history.value = noHistory;
  }

  /** Takes over what the address says, unless it is what this lab wrote. */
  #adopt(kept?: KeptLab): void {
    const { page, options } = route.peek();
    if (page !== "lab/neuron") return;
    if (options.size === 0) {
      this.open(this.#beginning);
      return;
    }
    batch(() => {
      this.pointed.value = undefined;
      const chapter = options.get("chapter") ?? "";
      const isOther = chapter !== this.chapter.peek();
      this.chapter.value = chapter;
      this.isDiscrete.value = options.get("view") === "classes";
      this.showsTest.value = options.get("test") !== "hidden";
      const without = (options.get("without") ?? "").split(" ");
      this.hiddenParts.value = new Set(pageParts.flatMap(({ value }) => (without.includes(value) ? [value] : [])));
      const settings = settingsOf(options);
      if (JSON.stringify(settings) !== JSON.stringify(this.settings.peek()) || !this.#sent) {
        this.settings.value = settings;
        if (kept && JSON.stringify(kept.training.settings) === JSON.stringify(settings)) {
          this.#goOn(kept);
          return;
        }
        this.#configure();
      }
      if (isOther) this.run(false);
    });
  }

  /** Writes what is set into the address, now. */
  writeAddress(): void {
    clearTimeout(this.#addressTimer);
    if (parseRoute(location.hash).page !== "lab/neuron") return;
    setOptions(this.#options());
    writeAddress();
  }

  #options(): Record<string, string> {
    return {
      chapter: this.chapter.peek(),
      ...optionsOf(this.settings.peek()),
      view: this.isDiscrete.peek() ? "classes" : "",
      test: this.showsTest.peek() ? "" : "hidden",
      without: [...this.hiddenParts.peek()].join(" "),
    };
  }
}
