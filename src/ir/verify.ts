import { GradusError } from "../core/errors.js";
import { dtypeInfo } from "../core/dtype.js";
import { sameShape } from "../core/shape.js";
import { type Graph, inputOp, topologicalOrder } from "./graph.js";
import type { Expr, Kernel, Stmt, Variable } from "./loop.js";
import { printExpr } from "./print.js";
import { isComparison, scalarArity } from "./scalar.js";

/** A pass left something that is no valid program: a defect of Gradus, not of its user. */
export class VerifyError extends GradusError {}

/** Throws unless every node's outputs are what its operator infers, and every leaf is an input of the graph. */
export function verifyGraph(graph: Graph): void {
  const inputs = new Set(graph.inputs);
  for (const node of topologicalOrder(graph.outputs)) {
    if (node.op === inputOp) {
      if (!node.outputs.every((v) => inputs.has(v))) throw new VerifyError(`leaf %${node.id} is no input of the graph`);
      continue;
    }
    const types = node.op.infer(node.inputs, node.attrs);
    const same = types.length === node.outputs.length && types.every((t, k) => {
      const output = node.outputs[k];
      return output !== undefined && output.dtype === t.dtype && sameShape(output.shape, t.shape);
    });
    if (!same) throw new VerifyError(`%${node.id} = ${node.op.name} has outputs other than its operator infers`);
  }
}

/** Throws unless variables are declared once and before use, types and lanes agree, and buffers are used as declared. */
export function verifyKernel(kernel: Kernel): void {
  const fail = (what: string): never => {
    throw new VerifyError(`kernel ${kernel.name}: ${what}`);
  };
  const declared = new Set<Variable>();
  /** Expressions seen in the one under check: they share parts. */
  let seen = new Set<number>();
  const declare = (v: Variable): void => {
    if (declared.has(v)) fail(`${v.name}#${v.id} is declared twice`);
    declared.add(v);
  };
  const visible = new Set<Variable>(kernel.group ? [kernel.item, kernel.group.lane] : [kernel.item]);
  const mutable = new Set<Variable>();
  const expr = (e: Expr): void => {
    if (seen.has(e.id)) return;
    seen.add(e.id);
    const text = (): string => printExpr(e);
    switch (e.kind) {
      case "var":
        if (!visible.has(e.variable)) fail(`${text()} is used where it is not declared`);
        if (e.type !== e.variable.type || e.lanes !== e.variable.lanes) fail(`${text()} has another type than its variable`);
        return;
      case "const":
        return;
      case "int-arg":
        if (e.slot >= kernel.intCount) fail(`${text()} is no argument`);
        return;
      case "load": {
        const buffer = kernel.buffers[e.buffer];
        if (!buffer) return fail(`${text()} reads no buffer`);
        if (e.index.type !== "index" || e.index.lanes !== 1) fail(`${text()} is addressed by ${e.index.type} × ${e.index.lanes}`);
        if (e.type !== dtypeInfo[buffer.dtype].compute) fail(`${text()} of ${buffer.dtype} gives ${e.type}`);
        return expr(e.index);
      }
      case "op": {
        if (e.args.length !== scalarArity[e.op]) fail(`${text()} has ${e.args.length} arguments`);
        if (e.args.some((a) => a.lanes !== e.lanes)) fail(`${text()} mixes lanes`);
        const values = e.op === "select" ? e.args.slice(1) : e.args;
        if (e.op === "select" && e.args[0]?.type !== "bool") fail(`${text()} has no bool condition`);
        if (values.some((a) => a.type !== values[0]?.type)) fail(`${text()} mixes types ${values.map((a) => a.type).join(", ")}`);
        if (!isComparison(e.op) && values[0]?.type !== e.type) fail(`${text()} gives ${e.type}`);
        return e.args.forEach(expr);
      }
      case "guard":
        if (e.condition.type !== "bool" || e.condition.lanes !== 1) fail(`${text()} has no scalar condition`);
        if (e.value.type !== e.other.type || e.value.lanes !== e.other.lanes) fail(`${text()} has two kinds of result`);
        return [e.condition, e.value, e.other].forEach(expr);
      case "pack":
        if (e.args.some((a) => a.lanes !== 1 || a.type !== e.type)) fail(`${text()} packs vectors or mixed types`);
        return e.args.forEach(expr);
      case "shuffle":
        if (e.a.lanes !== e.b.lanes || e.a.type !== e.b.type || e.pattern.length !== e.a.lanes) fail(`${text()} mixes vectors of two kinds`);
        expr(e.a);
        return expr(e.b);
      case "splat":
        if (e.arg.lanes !== 1) fail(`${text()} spreads a vector`);
        return expr(e.arg);
      case "ramp":
        if (e.base.lanes !== 1) fail(`${text()} starts from a vector`);
        return expr(e.base);
      case "cast":
      case "bitcast":
        if (e.arg.lanes !== e.lanes) fail(`${text()} changes lanes`);
        return expr(e.arg);
      case "fold":
        return expr(e.arg);
    }
  };
  const check = (e: Expr): void => {
    seen = new Set();
    expr(e);
  };
  const stmts = (list: readonly Stmt[]): void => {
    const local: Variable[] = [];
    for (const s of list) {
      switch (s.kind) {
        case "let":
        case "mutable":
          check(s.value);
          if (s.value.type !== s.variable.type || s.value.lanes !== s.variable.lanes) fail(`${s.variable.name}#${s.variable.id} is set to another type`);
          declare(s.variable);
          visible.add(s.variable);
          if (s.kind === "mutable") mutable.add(s.variable);
          local.push(s.variable);
          break;
        case "assign":
        case "accumulate":
          check(s.value);
          if (!visible.has(s.variable)) fail(`${s.variable.name}#${s.variable.id} is changed where it is not declared`);
          if (s.value.type !== s.variable.type || s.value.lanes !== s.variable.lanes) fail(`${s.variable.name}#${s.variable.id} is set to another type`);
          break;
        case "store": {
          check(s.index);
          check(s.value);
          const buffer = kernel.buffers[s.buffer];
          if (!buffer || buffer.access === "read") fail(`a store goes to buffer ${s.buffer}, which is not writable`);
          else if (s.value.type !== dtypeInfo[buffer.dtype].compute) fail(`a store of ${s.value.type} goes to ${buffer.dtype}`);
          if (s.index.type !== "index" || s.index.lanes !== 1) fail("a store has no scalar address");
          break;
        }
        case "barrier":
          if (!kernel.group) fail("a barrier stands in a kernel without a group");
          break;
        case "combine": {
          const { name, id, lanes, type } = s.variable;
          if (!kernel.group) fail(`${name}#${id} is combined in a kernel without a group`);
          if (!visible.has(s.variable) || !mutable.has(s.variable)) fail(`${name}#${id} is combined where it is no mutable variable`);
          if (lanes !== 1 || type === "index") fail(`${name}#${id}, ${type} × ${lanes}, cannot be combined`);
          break;
        }
        case "if":
          check(s.condition);
          stmts(s.then);
          stmts(s.otherwise);
          break;
        case "for":
          check(s.begin);
          check(s.end);
          declare(s.variable);
          visible.add(s.variable);
          stmts(s.body);
          visible.delete(s.variable);
          break;
      }
    }
    for (const v of local) visible.delete(v);
  };
  if (!kernel.group && kernel.buffers.some((buffer) => buffer.access === "shared")) fail("memory is shared without a group");
  stmts(kernel.body);
}
