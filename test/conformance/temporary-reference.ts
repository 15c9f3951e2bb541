import { encode, decode } from "../opinfo/elements.js";
import { topologicalOrder } from "../../src/ir/graph.js";
import { dtypeInfo } from "../../src/core/dtype.js";
import { wrapNumber } from "../../src/ops/dtype-rules.js";
export class ReferenceBackend {
  name = "reference"; threads = 1;
  supports() { return true; }
  load(graph: any) { return { graph, inPlace: [], compileMs: 0 }; }
  allocate(bytes: number): any { return { device: this, bytes, data: new Uint8Array(bytes) }; }
  upload(bytes: Uint8Array): any { return { device: this, bytes: bytes.length, data: bytes.slice() }; }
  submit(executable: any, inputs: any[], outputs: any[]) {
    const values = new Map<any, Float64Array>();
    const { graph } = executable;
    graph.inputs.forEach((v: any, i: number) => values.set(v, decode(v.dtype, inputs[i].data)));
    for (const node of topologicalOrder(graph.outputs)) {
      if (values.has(node.outputs[0])) continue;
      const ins = node.inputs.map((v) => ({ shape: v.shape, dtype: v.dtype, data: values.get(v)! }));
      const outs = node.op.ref(ins, node.attrs, node.outputs);
      node.outputs.forEach((v, i) => {
        const raw = Float64Array.from(outs[i] as any);
        values.set(v, dtypeInfo[v.dtype].kind === "float" ? decode(v.dtype, encode(v.dtype, raw)) : raw.map((x) => wrapNumber(x, v.dtype)));
      });
    }
    graph.outputs.forEach((v: any, i: number) => outputs[i].data.set(encode(v.dtype, values.get(v)!)));
  }
  async read(s: any) { return s.data.slice(); }
  async idle() {}
  release() {}
  async close() {}
}
