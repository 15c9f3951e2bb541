import type { ServerResponse } from "node:http";
import { commonHeaders } from "./headers.js";

/** What is sent for a request. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A value as JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
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

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Sends an answer; to a HEAD request, without its body. */
export function send(response: ServerResponse, { status, headers, body }: Answer, withBody = true): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : (body ?? Buffer.alloc(0));
  response.writeHead(status, { ...commonHeaders, ...headers, "content-length": bytes.length });
  response.end(withBody ? bytes : undefined);
}
