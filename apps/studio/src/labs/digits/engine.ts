import { CheckpointFolder, files, NonFiniteError, setDefaultDevice, type Backend, type Checkpoint, type Fit } from "gradus";
import { dataFromFiles, type LabData, type PickedFile } from "./lab-data.js";
import { misreadOf } from "./misread.js";
import { Pace } from "./pace.js";
import { prepareDrawing } from "./prepare-drawing.js";
import type { LabEvent, LabRequest, LabState, Seen } from "./protocol.js";
import { recipeText } from "./recipe-text.js";
import { filesOfRun, loadWeights, openRun, packRun } from "./run-files.js";
import { Session, type SessionState } from "./session.js";
import { defaultSetting, epochsPerStart, type DigitsSetting } from "./setting.js";
import { lookAtWeights } from "./weights.js";

export interface EngineOptions {
  /** Takes what the page is told; buffers in it are the page's from then on. */
  readonly emit: (event: LabEvent) => void;
  readonly openDevice: (name: DigitsSetting["device"]) => Promise<Backend>;
  /** The folder of the platform's files in which the session is kept; undefined where it belongs to another lab, and nothing is kept. */
  readonly folder: string | undefined;
  /** The images where the user has chosen none; called "digits". */
  readonly builtInData: () => Promise<LabData>;
  /** Of Gradus, for the runs that are saved. */
  readonly version: string;
}

/** Milliseconds between two reports of the training, two looks at the weights, two stored checkpoints. */
const reportMs = 100;
const lookMs = 300;
const storeMs = 1500;
/** Milliseconds after a movement of the pen in which the next one is awaited. */
const drawingMs = 600;

/** The digits lab without its page: carries out what the page asks, one after another, while a training runs beside it. */
export class DigitsEngine {
  readonly #options: EngineOptions;
  readonly #checkpoints: CheckpointFolder | undefined;
  readonly #dataFolder: string | undefined;
  readonly #pace = new Pace();
  #device: { readonly name: DigitsSetting["device"]; readonly backend: Backend } | undefined;
  #session: Session | undefined;
  #training: { readonly end: AbortController; readonly over: Promise<void> } | undefined;
  #last: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();
  #view: { readonly id: number; readonly image: Pick<Seen, "pixels" | "how" | "label"> } | undefined;
  #sentLines = 0;
  #lastReport = 0;
  #lastLook = 0;
  #lastStore = 0;
  #lastDrawn = -Infinity;
  #mark = { examples: 0, time: 0, aside: 0 };
  #rate = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { folder } = options;
    this.#checkpoints = folder === undefined ? undefined : new CheckpointFolder(`${folder}/checkpoints`);
    this.#dataFolder = folder === undefined ? undefined : `${folder}/data`;
  }

  /** Carries out a request. What goes wrong is told as an event. */
  handle(request: LabRequest): Promise<void> {
    const carryOut = (): Promise<void> => this.#carryOut(request).catch((error: unknown) => this.#complain(error));
    // A drawing does not wait for what takes long.
    if (request.kind === "look" || request.kind === "lookAt") return carryOut();
    return (this.#last = this.#last.then(carryOut));
  }

  /** Ends the training, and waits until what it learned is written. */
  async close(): Promise<void> {
    await this.#last;
    await this.#stop();
    await this.#writing;
  }

  async #carryOut(request: LabRequest): Promise<void> {
    switch (request.kind) {
      case "begin":
        return this.#begin();
      case "open":
        return this.#replace(() => this.#open(request.setting));
      case "data":
        return this.#changeData(request.files);
      case "speed":
        this.#pace.speed = request.speed;
        if (request.speed !== "paused") this.#train();
        return;
      case "step":
        this.#pace.speed = "paused";
        if (this.#training) this.#pace.grant();
        else this.#train();
        return;
      case "look": {
        // The page asks again when the network is there.
        if (!this.#session) return this.#options.emit({ kind: "blank", id: request.id });
        const { data } = this.#session;
        this.#lastDrawn = performance.now();
        const drawn = prepareDrawing(request.strokes, data.train, data.fit);
        this.#view = drawn && { id: request.id, image: drawn };
        return drawn ? this.#look() : this.#options.emit({ kind: "blank", id: request.id });
      }
      case "lookAt": {
        const { test } = this.#opened().data;
        const index = ((request.index % test.count) + test.count) % test.count;
        const size = test.height * test.width;
        const image = { pixels: test.images.slice(index * size, (index + 1) * size), how: `test image ${index + 1} of ${test.count}`, label: test.labels[index] ?? 0 };
        this.#view = { id: request.id, image };
        return this.#look();
      }
      case "judge":
        return this.#judge();
      case "load":
        return this.#load(request.name, request.files);
      case "save": {
        const session = this.#opened();
        const saved = await filesOfRun(session, await session.judge(), this.#options.version);
        const packed = request.archive ? new Map([[`${request.name}.zip`, await packRun(request.name, saved)]]) : saved;
        return this.#options.emit({ kind: "saved", name: request.name, files: [...packed].map(([name, bytes]) => ({ name, bytes })) });
      }
    }
  }

  #opened(): Session {
    if (!this.#session) throw new Error("the lab has no network yet");
    return this.#session;
  }

  async #begin(): Promise<void> {
    this.#tell("preparing", "Drawing the digits to learn from …");
    try {
      if (await this.#goOn()) return;
    } catch (error) {
      await this.#open(defaultSetting);
      throw new Error(`What was kept of the last visit cannot be opened: ${messageOf(error)}`, { cause: error });
    }
    await this.#open(defaultSetting);
    if (!this.#checkpoints) this.#tell("fresh", "The lab is open in another tab as well. That one is kept over a reload, this one is not.");
  }

  /** Goes on from what the last visit has left; false where there is nothing. */
  async #goOn(): Promise<boolean> {
    const stored = await this.#checkpoints?.latest();
    if (!stored) return false;
    const { setting, data: name, running } = stateOf(stored);
    const data = name === "digits" ? await this.#options.builtInData() : await this.#storedData();
    let message = "Goes on where the page was left.";
    await this.#use(setting).catch(async (error: unknown) => {
      if (setting.device === "wasm") throw error;
      await this.#use({ ...setting, device: "wasm" });
      message = "Goes on where the page was left, on WebAssembly: there is no WebGPU any more.";
    });
    const session = Session.from(stored, data, this.#device?.name ?? setting.device);
    this.#show(session, "stored");
    if (running) {
      this.#pace.speed = "full";
      this.#train();
    } else this.#tell(session.step > 0 ? "paused" : "fresh", message);
    return true;
  }

  /** The images that the last visit trained on. */
  async #storedData(): Promise<LabData> {
    const folder = this.#dataFolder;
    const stored = await files();
    const names = folder === undefined ? [] : ((await stored.list(folder)) ?? []);
    return dataFromFiles(
      await Promise.all(
        names.map(async (name) => {
          const file = await stored.open(`${folder}/${name}`);
          return { name, bytes: await file.read().finally(() => file.close()) };
        }),
      ),
    );
  }

  /** Forgets what the last network learned. */
  async #forget(): Promise<void> {
    await this.#writing;
    if (this.#checkpoints) await (await files()).remove(this.#checkpoints.path);
  }

  /** Ends the training for work that puts another network in the place of this one. Where that fails, this one stays, and can be trained on. */
  async #replace(work: () => Promise<void>): Promise<void> {
    const isTraining = this.#training !== undefined;
    await this.#stop();
    try {
      await work();
    } catch (error) {
      if (isTraining) this.#tell("paused", "Paused.");
      if (this.#session && this.#device?.name !== this.#session.setting.device) await this.#use(this.#session.setting);
      throw error;
    }
  }

  async #use(setting: DigitsSetting): Promise<void> {
    if (this.#device?.name === setting.device && !this.#device.backend.isLost) return;
    const backend = await this.#options.openDevice(setting.device);
    setDefaultDevice(backend);
    this.#device = { name: setting.device, backend };
  }

  async #open(setting: DigitsSetting, newData?: LabData): Promise<void> {
    await this.#use(setting);
    const session = new Session(setting, newData ?? (await this.#data()));
    await this.#forget();
    this.#show(session);
    this.#tell("fresh", "A fresh network with random weights.");
  }

  async #data(): Promise<LabData> {
    return this.#session?.data ?? this.#options.builtInData();
  }

  async #changeData(picked: readonly PickedFile[]): Promise<void> {
    const { setting } = this.#opened();
    const data = picked.length === 0 ? await this.#options.builtInData() : await dataFromFiles(picked);
    await this.#replace(() => this.#open(setting, data));
    if (this.#dataFolder === undefined) return;
    const stored = await files();
    await stored.remove(this.#dataFolder);
    for (const { name, bytes } of picked) await stored.write(`${this.#dataFolder}/${name}`, bytes);
  }

  async #load(name: string, picked: readonly PickedFile[]): Promise<void> {
    const run = await openRun(picked, name);
    // Where it is computed is the user's choice, wherever the run was trained.
    const setting = { ...run.setting, device: this.#device?.name ?? run.setting.device };
    await this.#replace(async () => {
      await this.#use(setting);
      const session = new Session(setting, await this.#data(), { pixels: run.pixels, before: run.lines });
      loadWeights(session.network, run);
      await this.#forget();
      this.#keep(await session.hold());
      await this.#writing;
      this.#show(session, run.name);
      const { name: here } = session.data;
      this.#tell("paused", run.data === here ? `Opened ${name}.` : `Opened ${name}, which was trained on ${run.data}; here it reads ${here}.`);
    });
    await this.#judge();
  }

  /** Makes a session the one that is seen. */
  #show(session: Session, from?: string): void {
    if (this.#view && this.#session?.data !== session.data) {
      // Its size and its label are those of other images.
      this.#options.emit({ kind: "blank", id: this.#view.id });
      this.#view = undefined;
    }
    this.#session = session;
    this.#sentLines = session.lines.length;
    this.#rate = 0;
    const { setting, data, network } = session;
    const { train, test } = data;
    this.#options.emit({
      kind: "opened",
      setting,
      device: this.#device?.name ?? setting.device,
      threads: this.#device?.backend.threads ?? 1,
      isSoftware: this.#device?.backend.isSoftware === true,
      data: {
        name: data.name,
        train: session.images.count,
        test: test.count,
        height: train.height,
        width: train.width,
        classNames: train.classNames ?? Array.from({ length: train.classes }, (_, i) => String(i)),
      },
      pixels: session.pixels,
      parameters: network.parameters().reduce((sum, { size }) => sum + size, 0),
      lines: [...session.lines],
      recipe: recipeText(session),
      ...(from !== undefined && { from }),
    });
    void this.#refresh();
  }

  #train(): void {
    if (this.#training) return;
    const session = this.#opened();
    const end = new AbortController();
    const passes = epochsPerStart(session.setting.training, session.images.count);
    this.#mark = { examples: session.latest?.examples ?? 0, time: performance.now(), aside: session.aside };
    this.#tell("training", "Training.");
    const run = async (): Promise<void> => {
      try {
        await session.train(passes, { onBoundary: (fit) => this.#onBoundary(session, fit), onJudged: (judgement) => this.#options.emit(misreadOf(session, judgement)) }, end.signal);
        if (end.signal.aborted) return;
        this.#report(session);
        if (session.checkpoint) this.#keep(session.checkpoint);
        await this.#writing;
        this.#tell("done", `${Math.round(session.epoch)} passes over the training images are done.`);
      } catch (error) {
        const lost = "The loss is no number any more: the learning rate is too large for this network. Choose a smaller one, and a new network.";
        this.#tell("failed", error instanceof NonFiniteError ? lost : messageOf(error));
      } finally {
        this.#training = undefined;
        await this.#refresh();
      }
    };
    this.#training = { end, over: run() };
  }

  /** Ends the training that runs. */
  async #stop(): Promise<void> {
    const training = this.#training;
    if (!training) return;
    training.end.abort();
    this.#pace.release();
    await training.over;
    this.#pace.hold();
  }

  async #onBoundary(session: Session, fit: Fit): Promise<void> {
    const now = performance.now();
    if (now - this.#lastReport > reportMs) this.#report(session);
    if (now - this.#lastLook > lookMs) {
      this.#lastLook = now;
      await this.#refresh();
    }
    if (now - this.#lastStore > storeMs) {
      this.#lastStore = now;
      this.#keep(await fit.checkpoint());
    }
    session.aside += performance.now() - now;
    // While somebody draws, no steps are queued ahead that an answer would have to wait for.
    if (now - this.#lastDrawn < drawingMs) await session.settle();
    await this.#pace.next(async () => {
      session.running = false;
      this.#keep(await fit.checkpoint());
      session.running = true;
      this.#report(session);
      await this.#refresh();
      await this.#writing;
      this.#tell("paused", "Paused.");
    });
  }

  /** Writes a checkpoint while the training goes on. */
  #keep(checkpoint: Checkpoint): void {
    const write = async (): Promise<void> => void (await this.#checkpoints?.save(checkpoint));
    this.#writing = this.#writing.then(write).catch((error: unknown) => this.#complain(error));
  }

  #report({ step, epoch, lines, latest, aside }: Session): void {
    const now = performance.now();
    this.#lastReport = now;
    const { examples, time, aside: before } = this.#mark;
    const seconds = (now - time - (aside - before)) / 1000;
    // Over half a second, so that the number can be read.
    if (seconds > 0.5 && latest) {
      this.#rate = (latest.examples - examples) / seconds;
      this.#mark = { examples: latest.examples, time: now, aside };
    }
    this.#options.emit({ kind: "progress", step, epoch, rate: this.#rate, lines: lines.slice(this.#sentLines) });
    this.#sentLines = lines.length;
  }

  /** Shows the weights, and what they make of the image that is looked at. */
  async #refresh(): Promise<void> {
    try {
      this.#options.emit(await lookAtWeights(this.#opened().network));
      await this.#look();
    } catch (error) {
      this.#complain(error);
    }
  }

  async #look(): Promise<void> {
    const session = this.#opened();
    if (!this.#view) return;
    const { id, image } = this.#view;
    const { probabilities, layers } = session.look(image.pixels);
    const read = Object.entries(layers).map(async ([name, tensor]) => ({ name, shape: tensor.shape.slice(1), values: Float32Array.from(await tensor.data()) }));
    const seen = { id, ...image, pixels: image.pixels.slice(), probabilities: Float32Array.from(await probabilities.data()), layers: await Promise.all(read) };
    // What a network said that is gone is shown no more: the new one is asked as well.
    if (this.#session === session) this.#options.emit({ kind: "seen", seen });
  }

  async #judge(): Promise<void> {
    const session = this.#opened();
    this.#options.emit(misreadOf(session, await session.judge()));
  }

  #complain(error: unknown): void {
    this.#options.emit({ kind: "error", message: messageOf(error) });
  }

  #tell(state: LabState, message: string): void {
    this.#options.emit({ kind: "state", state, message });
  }
}

function stateOf(checkpoint: Checkpoint): SessionState {
  return (checkpoint.state["callbacks"] as { readonly lab: SessionState }).lab;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
