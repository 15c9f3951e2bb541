import { activationCurve } from "./activation-curve.js";
import type { KeptTraining } from "./kept-training.js";
import { LabEngine } from "./lab-engine.js";
import type { LabReply, LabRequest } from "./protocol.js";

/** Where the loop gets its time from. */
export interface LoopClock {
  now(): number;
  /** Calls back after some milliseconds, once waiting messages had their turn. */
  later(callback: () => void, milliseconds: number): void;
}

/** What the loop is asked for; how weights are drawn is no matter of training. */
export type LoopRequest = Exclude<LabRequest, { readonly kind: "lines" }>;

/** Milliseconds of training between two looks at the messages. */
const turn = 12;
/** The least milliseconds between two snapshots while running. */
const frame = 70;
/** The least milliseconds between two trainings that the page keeps while running. */
const keeping = 1000;

/**
 * Trains as the page asks for it and sends snapshots, at most one that the page has not shown yet. Steps go on meanwhile.
 */
export class TrainingLoop {
  readonly #clock: LoopClock;
  readonly #send: (reply: LabReply) => void;
  #engine: LabEngine | undefined;
  #isRunning = false;
  /** Steps a second; 0 for as many as there is time for. */
  #speed = 0;
  /** When the steps that are due were last counted. */
  #counted = 0;
  #due = 0;
  #isTurning = false;
  #isShown = true;
  /** Whether something changed that no snapshot shows. */
  #isStale = false;
  #lastSnapshot = -Infinity;
  #snapshotTime = 0;
  #lastKept = -Infinity;

  constructor(clock: LoopClock, send: (reply: LabReply) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Does what a message asks for. What goes wrong is told as a reply, and ends a training that runs. */
  take(request: LoopRequest): void {
    this.#attempt(() => {
      this.#carryOut(request);
      this.#show();
    });
  }

  #carryOut(request: LoopRequest): void {
    switch (request.kind) {
      case "configure":
        this.#configure(request);
        break;
      case "run":
        this.#run(request.on);
        break;
      case "speed":
        this.#speed = request.stepsPerSecond;
        this.#counted = this.#clock.now();
        this.#due = 0;
        break;
      case "advance":
        this.#advance(request.by);
        break;
      case "reset":
        this.#engine?.reset();
        this.#isStale = true;
        break;
      case "weight":
        this.#engine?.setWeight(request.place, request.value);
        this.#isStale = true;
        break;
      case "shown":
        this.#isShown = true;
        break;
    }
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#isRunning = false;
      this.#send({ kind: "failed", message: messageOf(error) });
    }
  }

  #configure({ settings, kept, runs }: Extract<LoopRequest, { kind: "configure" }>): void {
    const before = this.#engine;
    // One that did not take its settings is of no use any more.
    this.#engine = undefined;
    const isKept = before?.configure(settings) ?? false;
    this.#engine = before ?? new LabEngine(settings);
    this.#send({ kind: "configured", points: this.#engine.points, isKept, curve: activationCurve(settings.activation) });
    this.#isStale = true;
    if (kept && this.#takeUp(this.#engine, kept) && runs) this.#run(true);
  }

  /** Says whether the training goes on; one that cannot begins anew, and waits to be run. */
  #takeUp(engine: LabEngine, kept: KeptTraining): boolean {
    try {
      engine.takeUp(kept);
      return true;
    } catch (error) {
      engine.reset();
      this.#isRunning = false;
      this.#send({ kind: "failed", message: `The training that was kept cannot go on, and begins anew: ${messageOf(error)}` });
      return false;
    }
  }

  #run(on: boolean): void {
    this.#isRunning = on;
    this.#isStale = true;
    this.#counted = this.#clock.now();
    this.#due = 0;
    if (on && !this.#isTurning) this.#turnLater(0);
  }

  #turnLater(milliseconds: number): void {
    this.#isTurning = true;
    this.#clock.later(() => {
      this.#isTurning = false;
      this.#attempt(() => this.#turn());
    }, milliseconds);
  }

  #advance(by: "step" | "epoch"): void {
    this.#isRunning = false;
    const steps = by === "step" ? 1 : (this.#engine?.stepsPerEpoch ?? 0);
    for (let i = 0; i < steps; i++) this.#engine?.step();
    this.#isStale = true;
  }

  /** Some steps, a snapshot if one is due, and then messages have their turn. */
  #turn(): void {
    if (!this.#isRunning || !this.#engine) return;
    const start = this.#clock.now();
    this.#due = this.#speed === 0 ? Infinity : Math.min(this.#speed, this.#due + ((start - this.#counted) / 1000) * this.#speed);
    this.#counted = start;
    while (this.#due >= 1 && this.#clock.now() - start < turn) {
      this.#engine.step();
      this.#due--;
      this.#isStale = true;
    }
    this.#show();
    const wait = this.#due >= 1 ? 0 : (1000 * (1 - this.#due)) / this.#speed;
    this.#turnLater(Math.min(wait, frame));
  }

  #show(): void {
    const start = this.#clock.now();
    // A picture may take long where the network is large: most of the time is for training.
    const isEarly = this.#isRunning && start - this.#lastSnapshot < Math.max(frame, 3 * this.#snapshotTime);
    if (!this.#engine || !this.#isStale || !this.#isShown || isEarly) return;
    const snapshot = this.#engine.snapshot();
    if (snapshot.end !== undefined) this.#isRunning = false;
    this.#lastSnapshot = start;
    this.#isShown = false;
    this.#isStale = false;
    const isKept = !this.#isRunning || start - this.#lastKept >= keeping;
    if (isKept) this.#lastKept = start;
    this.#send({ kind: "snapshot", snapshot, isRunning: this.#isRunning, ...(isKept && { kept: this.#engine.keep() }) });
    this.#snapshotTime = this.#clock.now() - start;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
