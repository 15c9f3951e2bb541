import type { OutputStream } from "./terminal.js";

/** Where a training run stands. */
export interface ProgressState {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, and how many it has. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Mean over the last steps that were read. */
  readonly loss: number;
  readonly examplesPerSecond: number;
  readonly secondsLeft: number;
}

const redrawMilliseconds = 100;
const barWidth = 24;
const minimumBarWidth = 8;

/** One line at the bottom of a terminal, rewritten in place at most ten times a second. */
export class ProgressLine {
  readonly #stream: OutputStream;
  readonly #now: () => number;
  #drawnAt = -Infinity;
  #shown = false;

  constructor(stream: OutputStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
  }

  /** Shows the state, unless the line was drawn just now. */
  update(state: ProgressState): void {
    if (this.#now() - this.#drawnAt < redrawMilliseconds) return;
    this.#drawnAt = this.#now();
    this.#draw(progressText(state, this.#columns()));
  }

  /** Shows what is done before there is a state. */
  show(text: string): void {
    this.#draw(text.slice(0, this.#columns()));
  }

  #draw(text: string): void {
    this.#shown = true;
    this.#stream.write(`\r\x1b[2K${text}`);
  }

  /** The last column stays free: some terminals wrap as soon as it is written. */
  #columns(): number {
    return (this.#stream.columns ?? 80) - 1;
  }

  /** Takes the line away, so that other text can be written. */
  clear(): void {
    if (this.#shown) this.#stream.write("\r\x1b[2K");
    this.#shown = false;
    this.#drawnAt = -Infinity;
  }
}

/** The state as one line of at most `columns` characters: where they do not suffice, the speed goes first, then the step. */
export function progressText(state: ProgressState, columns: number): string {
  const { epoch, epochs, step, stepsPerEpoch, loss, examplesPerSecond, secondsLeft } = state;
  const epochField = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  const stepField = `step ${String(step).padStart(String(stepsPerEpoch).length)}/${stepsPerEpoch}`;
  const lossField = `loss ${formatLoss(loss)}`;
  const speedField = `${formatCount(examplesPerSecond)} examples/s`;
  const leftField = `${formatDuration(secondsLeft)} left`;
  const texts = [
    [epochField, stepField, lossField, speedField, leftField],
    [epochField, stepField, lossField, leftField],
    [epochField, lossField, leftField],
  ].map((fields) => fields.join("  "));
  const text = texts.find((candidate) => candidate.length <= columns) ?? leftField.slice(0, columns);
  const room = Math.min(barWidth, columns - text.length - 1);
  if (room < minimumBarWidth) return text;
  return `${bar((epoch - 1 + step / stepsPerEpoch) / epochs, room)} ${text}`;
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A share from 0 to 1 as a bar of `width` characters, exact to an eighth of one. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  return ("█".repeat(filled >> 3) + (eighths[filled & 7] ?? "")).padEnd(width, "░");
}

/** Four digits after the point, or an exponent where these would show nothing. */
export function formatLoss(loss: number): string {
  return loss !== 0 && Math.abs(loss) < 1e-4 ? loss.toExponential(2) : loss.toFixed(4);
}

/** A whole number with its thousands apart. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** Minutes and seconds, with hours where there are any. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?:??";
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** So many threads. */
export function formatThreads(threads: number): string {
  return `${threads} ${threads === 1 ? "thread" : "threads"}`;
}

/** A number of bytes in the unit that suits it, decimal as disks have it. */
export function formatBytes(bytes: number): string {
  const unit = bytes >= 1e9 ? 3 : bytes >= 1e6 ? 2 : bytes >= 1e3 ? 1 : 0;
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${["B", "kB", "MB", "GB"][unit] ?? ""}`;
}
