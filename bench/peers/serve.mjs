// The side of a peer in JavaScript: reads questions as lines of JSON and answers each with one. See pytorch.py.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { timed } from "./timed.mjs";

/** Tensors of a safetensors file: {shape, data} by name. */
export function readTensors(path) {
  const bytes = new Uint8Array(readFileSync(path));
  const size = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  delete header.__metadata__;
  return Object.fromEntries(
    Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
      const { buffer } = bytes.slice(8 + size + from, 8 + size + to);
      return [name, { shape, data: dtype === "I32" ? new Int32Array(buffer) : new Float32Array(buffer) }];
    }),
  );
}

/** Writes Float32Arrays by name as a safetensors file. */
function writeTensors(path, tensors) {
  const header = {};
  let end = 0;
  for (const [name, data] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape: [data.length], data_offsets: [end, (end += data.byteLength)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const parts = Object.values(tensors).map((data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(path, Buffer.concat([length, padded, ...parts]));
}

/**
 * Answers until the input ends. `prepare(work, tensors)` gives `{ run, results }`, the results as Float32Arrays by name, or
 * undefined for work that the peer does not know.
 */
export async function serve(prepare) {
  let run;
  for await (const line of createInterface({ input: process.stdin })) {
    let answer = {};
    try {
      const question = JSON.parse(line);
      if ("round" in question) {
        answer = { ms: await timed(run, question.round) };
      } else {
        const prepared = await prepare(question.prepare, readTensors(question.inputFile));
        if (prepared) {
          run = prepared.run;
          writeTensors(question.resultFile, prepared.results);
          for (let i = 0; i < 2; i++) await run();
        } else {
          answer = { unsupported: true };
        }
      }
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
