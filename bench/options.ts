import { Command, InvalidArgumentError, Option } from "commander";

export interface BenchOptions {
  readonly suite: string;
  readonly device: string;
  readonly peers: readonly string[];
  /** Parts of cases' names, one of which a case's name has to hold. */
  readonly case: readonly string[];
  readonly rounds: number;
  /** Of a round. */
  readonly seconds: number;
  readonly json?: string;
}

const list = (text: string): string[] => text.split(",").filter((part) => part !== "");

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number above 0");
  return value;
}

/** Reads the command line. */
export function readOptions(): BenchOptions {
  return new Command("bench")
    .addOption(new Option("--suite <name>", "which cases").choices(["all", "kernels", "steps", "compile", "size", "browser"]).default("all"))
    .addOption(new Option("--device <name>", "what runs ours").choices(["native", "wasm"]).default("native"))
    .addOption(new Option("--peers <names>", "who is measured beside: pytorch, tfjs, jax-js, onnxruntime, by commas").argParser(list).default(["pytorch", "tfjs", "jax-js", "onnxruntime"]))
    .addOption(new Option("--case <patterns>", "only cases whose name holds one of these, by commas; =name for the whole name").argParser(list).default([]))
    .addOption(new Option("--rounds <count>", "rounds of which the median counts").argParser(positive).default(5))
    .addOption(new Option("--seconds <seconds>", "length of a round").argParser(positive).default(0.5))
    .addOption(new Option("--json <file>", "where the result is written as JSON"))
    .parse()
    .opts<BenchOptions>();
}

/** Whether a case is asked for. */
export function isSelected(name: string, { case: patterns }: BenchOptions): boolean {
  return patterns.length === 0 || patterns.some((part) => (part.startsWith("=") ? name === part.slice(1) : name.includes(part)));
}
