import { sizeOf } from "../../core/shape.js";
import { checkpointOp, customVjpOp } from "../../ops/call.js";
import { range } from "../../ops/indexing.js";
import { scanOp } from "../../ops/scan.js";
import { meaning } from "./meaning.js";

export const graphMeanings = [
  meaning(checkpointOp, (inputs, { body }, _, interpret) => interpret(body, inputs.map((x) => x.data))),
  meaning(customVjpOp, (inputs, { body }, _, interpret) => interpret(body, inputs.map((x) => x.data))),
  meaning(scanOp, (inputs, { body, consts, carries, length, reverse }, outputs, interpret) => {
    const data = inputs.map((x) => x.data);
    const fixed = data.slice(0, consts);
    let carried = data.slice(consts, consts + carries);
    const stacked = outputs.slice(carries).map(({ shape }) => new Float64Array(sizeOf(shape)));
    for (const step of range(length)) {
      const t = reverse ? length - 1 - step : step;
      const slices = data.slice(consts + carries).map((x) => x.subarray((t * x.length) / length, ((t + 1) * x.length) / length));
      const results = interpret(body, [...fixed, ...carried, ...slices]);
      carried = results.slice(0, carries);
      results.slice(carries).forEach((slice, k) => stacked[k]?.set(slice, t * slice.length));
    }
    return [...carried, ...stacked];
  }),
];
