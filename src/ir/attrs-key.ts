import { type Attrs, type AttrValue, type Graph, topologicalOrder, type Value } from "./graph.js";

/** Attributes as text; equal text means equal attributes, graphs among them being equal when their structure is. */
export function attrsKey(attrs: Attrs): string {
  let key = "";
  for (const name in attrs) key += `|${name}:${attrKey(attrs[name])}`;
  return key;
}

function attrKey(value: AttrValue | undefined): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (isList(value)) {
    let key = "[";
    for (const item of value) key += `${attrKey(item)},`;
    return `${key}]`;
  }
  if (isGraph(value)) return graphKey(value);
  let key = "{";
  for (const [name, item] of Object.entries(value)) key += `${name}:${attrKey(item)},`;
  return `${key}}`;
}

function isList(value: object): value is readonly AttrValue[] {
  return Array.isArray(value);
}

function isGraph(value: object): value is Graph {
  return "outputs" in value && "inputs" in value;
}

const keys = new WeakMap<Graph, string>();

/** A closed graph as text; equal text means that the graphs compute the same. */
export function graphKey(graph: Graph): string {
  let key = keys.get(graph);
  if (key === undefined) keys.set(graph, (key = describe(graph)));
  return key;
}

function describe({ inputs, outputs }: Graph): string {
  const names = new Map<Value, string>();
  let key = "{";
  inputs.forEach((v, k) => {
    names.set(v, `i${k}`);
    key += `${v.dtype}[${v.shape.join(",")}]`;
  });
  topologicalOrder(outputs, (v) => names.has(v)).forEach((node, position) => {
    key += `;${node.op.name}`;
    for (const operand of node.inputs) key += ` ${names.get(operand) ?? "?"}`;
    key += attrsKey(node.attrs);
    node.outputs.forEach((output) => names.set(output, `${position}.${output.index}`));
  });
  for (const output of outputs) key += `>${names.get(output) ?? "?"}`;
  return `${key}}`;
}
