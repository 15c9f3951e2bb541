import { debugLevel, isVerifying } from "../core/debug.js";
import type { Graph } from "../ir/graph.js";
import { printGraph, printKernel } from "../ir/print.js";
import { verifyGraph, verifyKernel } from "../ir/verify.js";
import { setInspection } from "./inspection.js";
import type { Program, Step } from "./program.js";

/** Verifies where GRADUS_VERIFY asks for it, and prints what GRADUS_DEBUG asks for. */
export function inspectBySettings(): void {
  setInspection({
    graph: (graph) => isVerifying() && verifyGraph(graph),
    kernel: (kernel) => isVerifying() && verifyKernel(kernel),
    program: report,
  });
}

/** What GRADUS_DEBUG asks for. */
function report(graph: Graph, program: Program): void {
  const level = debugLevel();
  if (level < 1) return;
  const kilo = (n: number): string => `${(n / 1000).toFixed(1)}k`;
  const lines = [`program: ${program.steps.length} steps, ${kilo(program.flops)} operations, arena ${kilo(program.arenaBytes)} bytes`];
  // Launches and copies are numbered as in a profile.
  let index = 0;
  const tell = (step: Step, indent: string): void => {
    const kernel = step.kind === "launch" ? program.kernels[step.kernel] : undefined;
    if (step.kind === "loop") {
      lines.push(`${indent}loop of ${step.count}`);
      for (const inner of step.count > 0 ? step.body : []) tell(inner, `${indent}  `);
    } else if (step.kind === "launch" && kernel) {
      const shape = `[${(step.shape ?? []).join()}]`;
      lines.push(`${indent}${index++} ${kernel.name} ${shape}: ${step.items} items by ${step.grain}, ${kilo(kernel.flops)} operations, ${kilo(kernel.bytes)} bytes`);
    } else lines.push(`${indent}${index++} ${step.kind}`);
  };
  for (const step of program.steps) tell(step, "  ");
  if (level > 1) lines.push(printGraph(graph));
  if (level > 2) lines.push(...program.kernels.map(printKernel));
  console.error(lines.join("\n"));
}
