import type { FileHandle } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { escapeText } from "./escape-text.js";
import { commonHeaders } from "./headers.js";

/** A file that is sent piece by piece, and closed then. */
export interface FileBody {
  readonly file: FileHandle;
  readonly bytes: number;
}

/** What is sent for a request. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | FileBody;
}

/** A value as JSON. */
export function jsonAnswer(value: unknown, status = 200, headers: Answer["headers"] = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

/** A page for people whose request is refused: why, and what to do. */
export function refusalPage(status: number, why: string): Answer {
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Gradus Studio: no entry</title>
<main>
<h1>Gradus Studio stays closed</h1>
<p>It did not answer, since ${escapeText(why)}.</p>
<p>Open the whole address that <code>gradus studio</code> printed in its terminal, with everything after <code>?token=</code>.
If that terminal is gone, end the studio and start it again: <code>npx gradus studio</code> prints a new address.</p>
</main>
</html>
`;
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

/** Sends an answer; to a HEAD request, without its body. */
export async function send(response: ServerResponse, { status, headers, body = "" }: Answer, withBody = true): Promise<void> {
  const begin = (length: number): ServerResponse => response.writeHead(status, { ...commonHeaders, ...headers, "content-length": length });
  if (typeof body === "string" || body instanceof Uint8Array) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    begin(bytes.length).end(withBody ? bytes : undefined);
    return;
  }
  const { file, bytes } = body;
  try {
    begin(bytes);
    // A file that grows meanwhile is sent as long as it was.
    if (withBody && bytes > 0) await pipeline(file.createReadStream({ end: bytes - 1, autoClose: false }), response);
    else response.end();
  } finally {
    await file.close();
  }
}
