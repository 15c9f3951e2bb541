// The side of a peer in a page: what a page exports is called by bench/browser/measure.ts.
import { timed } from "./timed.mjs";

const plain = (results) => Object.fromEntries(Object.entries(results).map(([name, data]) => [name, [...data]]));
const typed = ({ shape, dtype, data }) => ({ shape, data: dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data) });

/** Exports of a page whose `make(device, work, tensors)` gives `{ run, results }`, or undefined for work that it does not know. */
export function pageOf(make) {
  let run;
  return {
    prepare: async (device, work, given) => {
      const made = await make(device, work, Object.fromEntries(Object.entries(given).map(([name, tensor]) => [name, typed(tensor)])));
      run = made?.run;
      return made && plain(made.results);
    },
    round: async (seconds) => timed(run, seconds),
  };
}
