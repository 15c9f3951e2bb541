import type { IncomingMessage } from "node:http";
import { basename, join } from "node:path";
import { DataError, FormatError } from "../core/errors.js";
import { diskFiles } from "../files/disk-files.js";
import { readZip } from "../io/zip.js";
import { jsonAnswer, type Answer } from "./answer.js";
import { runFileNames } from "./run-store.js";

/** Bytes of an archive, and of what it unpacks to, that are taken. */
const mostBytes = 256 << 20;

/**
 * Saves a run that a page made: the body of `PUT /api/runs/NAME` is a .zip of its files. Answers with the run's id, which is another where the
 * name is taken, or with what is wrong with the archive. Undefined for a path that is none of these.
 */
export async function savePostedRun(folder: string, path: string, request: IncomingMessage): Promise<Answer | undefined> {
  const name = /^\/api\/runs\/([A-Za-z0-9][A-Za-z0-9._-]{0,99})$/.exec(path)?.[1];
  if (name === undefined) return undefined;
  const body = await bodyOf(request);
  // What is left of it is not waited for.
  if (!body) return jsonAnswer({ error: `a run of more than ${mostBytes} bytes is not taken` }, 413, { connection: "close" });
  const files = new Map<string, Uint8Array>();
  try {
    for (const [entry, { read }] of readZip(body, { maxUnpackedBytes: mostBytes })) files.set(entry.slice(entry.lastIndexOf("/") + 1), await read());
  } catch (error) {
    if (error instanceof FormatError) return jsonAnswer({ error: error.message }, 400);
    throw error;
  }
  const stranger = [...files.keys()].find((file) => !runFileNames.includes(file));
  if (stranger !== undefined) return jsonAnswer({ error: `${stranger} is no file of a run` }, 400);
  const missing = ["model.safetensors", "recipe.json"].find((file) => !files.has(file));
  if (missing !== undefined) return jsonAnswer({ error: `the run has no ${missing}` }, 400);
  try {
    return jsonAnswer({ id: basename(await diskFiles.createFolder(join(folder, name), files)) }, 201);
  } catch (error) {
    if (error instanceof DataError) return jsonAnswer({ error: error.message }, 500);
    throw error;
  }
}

/** The whole body; undefined where it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"]) > mostBytes) return undefined;
  const pieces: Buffer[] = [];
  let length = 0;
  // The connection has to live for the answer.
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > mostBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
