import { openDevice } from "../../../src/browser.js";
import { ReferenceBackend } from "../../../src/backends/reference/reference-backend.js";
import { sizeOf } from "../../../src/core/shape.js";
import { answers, complaints, withoutSubnormals } from "../../conformance/complaints.js";
import { gradientProblem, plainProblem } from "../../conformance/problems.js";
import { allInfos } from "../../opinfo/all-infos.js";
import type { OpInfo } from "../../opinfo/sample.js";

/** An operator with its first samples that are not large. */
function few(info: OpInfo, count: number): OpInfo {
  const isSmall = ({ operands }: OpInfo["samples"][number]): boolean => operands.every(({ shape }) => sizeOf(shape) <= 2000);
  return { ...info, samples: info.samples.filter(isSmall).slice(0, count) };
}

/** What a device computes otherwise than the reference: values and derivatives of every operator on a few samples. */
export async function check(deviceName: string): Promise<{ operators: number; probes: number; complaints: string[] }> {
  const device = await openDevice(deviceName);
  const reference = new ReferenceBackend();
  const found: string[] = [];
  let probes = 0;
  for (const info of allInfos) {
    for (const made of [plainProblem(few(info, 3)), gradientProblem(few(info, 1))]) {
      const problem = withoutSubnormals(made);
      probes += problem.probes.length;
      found.push(...(await complaints(device, problem, await answers(reference, problem))).map((text) => `${info.op}: ${text}`));
    }
  }
  return { operators: allInfos.length, probes, complaints: found };
}
