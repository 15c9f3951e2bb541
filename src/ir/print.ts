import { graphKey } from "./attrs-key.js";
import type { Graph } from "./graph.js";
import { topologicalOrder } from "./graph.js";
import { isPassed, type Expr, type Kernel, type Stmt } from "./loop.js";

/** A graph as text, one node a line. */
export function printGraph(graph: Graph): string {
  const name = (v: { node: { id: number }; index: number }): string => (v.index ? `%${v.node.id}.${v.index}` : `%${v.node.id}`);
  const lines = topologicalOrder(graph.outputs).map((node) => {
    const types = node.outputs.map((o) => `${o.dtype}[${o.shape.join(",")}]`).join(", ");
    const attrs = Object.keys(node.attrs).length > 0 ? ` ${JSON.stringify(node.attrs, plain)}` : "";
    return `%${node.id} = ${node.op.name}(${node.inputs.map(name).join(", ")})${attrs}: ${types}`;
  });
  return [...lines, `return ${graph.outputs.map(name).join(", ")}`].join("\n");
}

/** A graph in the attributes stands as its own text. */
function plain(_: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && "inputs" in value && "outputs" in value ? `graph ${graphKey(value as Graph)}` : value;
}

/** An expression as text. */
export function printExpr(e: Expr): string {
  switch (e.kind) {
    case "const":
      return String(e.value);
    case "var":
      return `${e.variable.name}#${e.variable.id}`;
    case "int-arg":
      return `int${e.slot}`;
    case "load":
      return `${e.lanes > 1 ? `load${e.lanes}` : "load"} b${e.buffer}[${printExpr(e.index)}]`;
    case "op":
      return `${e.op}(${e.args.map(printExpr).join(", ")})`;
    case "cast":
      return `${e.type}(${printExpr(e.arg)})`;
    case "bitcast":
      return `bits:${e.type}(${printExpr(e.arg)})`;
    case "guard":
      return `(${printExpr(e.condition)} ? ${printExpr(e.value)} : ${printExpr(e.other)})`;
    case "splat":
      return `splat${e.lanes}(${printExpr(e.arg)})`;
    case "pack":
      return `pack(${e.args.map(printExpr).join(", ")})`;
    case "shuffle":
      return `shuffle(${printExpr(e.a)}, ${printExpr(e.b)}, ${e.pattern.join(" ")})`;
    case "ramp":
      return `ramp${e.lanes}(${printExpr(e.base)})`;
    case "fold":
      return `fold-${e.op}(${printExpr(e.arg)})`;
  }
}

function printStmts(stmts: readonly Stmt[], indent: string): string {
  return stmts
    .map((s) => {
      const name = "variable" in s ? `${s.variable.name}#${s.variable.id}` : "";
      switch (s.kind) {
        case "let":
          return `${indent}let ${name} = ${printExpr(s.value)}`;
        case "mutable":
          return `${indent}var ${name} = ${printExpr(s.value)}`;
        case "assign":
          return `${indent}${name} = ${printExpr(s.value)}`;
        case "accumulate":
          return `${indent}${name} = ${s.op}(${name}, ${printExpr(s.value)})`;
        case "store":
          return `${indent}b${s.buffer}[${printExpr(s.index)}] = ${printExpr(s.value)}`;
        case "barrier":
          return `${indent}barrier`;
        case "combine":
          return `${indent}${name} = combine-${s.op}(${name})`;
        case "if":
          return `${indent}if ${printExpr(s.condition)}\n${printStmts(s.then, `${indent}  `)}${s.otherwise.length > 0 ? `\n${indent}else\n${printStmts(s.otherwise, `${indent}  `)}` : ""}`;
        case "for":
          return `${indent}for ${name} from ${printExpr(s.begin)} to ${printExpr(s.end)} by ${s.step}${s.vectorize ? " (vectorize)" : ""}\n${printStmts(s.body, `${indent}  `)}`;
      }
    })
    .join("\n");
}

/** A kernel as text. */
export function printKernel(kernel: Kernel): string {
  const buffers = kernel.buffers.map((buffer, k) => `b${k}: ${buffer.access} ${buffer.dtype}${isPassed(buffer) ? "" : `[${buffer.scratchSize}]`}`);
  const group = kernel.group ? ` by ${kernel.group.size} as ${kernel.group.lane.name}#${kernel.group.lane.id}` : "";
  return `kernel ${kernel.name}(${buffers.join(", ")}) item ${kernel.item.name}#${kernel.item.id}${group}\n${printStmts(kernel.body, "  ")}`;
}
