import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ArgumentError, GradusError } from "../core/errors.js";
import { accessTo, cookieName, type Door } from "./access.js";
import { jsonAnswer, refusalPage, send } from "./answer.js";
import { parsePosition, sendLiveEvents } from "./live-events.js";
import { findPages, readPage, type Pages } from "./pages.js";
import { savePostedRun } from "./save-posted-run.js";
import { RunStore } from "./run-store.js";
import { answerAboutRuns } from "./runs-api.js";

export interface StudioOptions {
  /** The folder of the built pages. */
  readonly pages: string;
  /** The folder that holds runs. */
  readonly runs: string;
  /** 0 takes one that is free. */
  readonly port: number;
}

/** A studio that listens. */
export interface Studio {
  /** The address that opens it, with the token. */
  readonly address: string;
  readonly door: Door;
  /** Ends it, with all connections. */
  close(): Promise<void>;
}

/**
 * Serves the studio's pages and the runs of a folder on the loopback address 127.0.0.1. Who has the token sees them; see
 * `accessTo`. Throws ArgumentError where the port cannot be had, DataError without built pages.
 */
export async function startStudio({ pages: folder, runs, port }: StudioOptions): Promise<Studio> {
  const site = { pages: await findPages(folder), store: new RunStore(runs) };
  const token = randomBytes(18).toString("base64url");
  const server = createServer();
  const door = { port: await listen(server, port), token };
  server.on("request", (request, response) => {
    answer(door, site, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else void send(response, jsonAnswer({ error: error instanceof GradusError ? error.message : String(error) }, 500));
    });
  });
  return {
    address: `http://127.0.0.1:${door.port}/?token=${token}`,
    door,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Gives the port back that was asked for, or the one that was free. */
async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", exclusive: true }, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const remedy = "name another one, as in: gradus studio --port 0, which takes one that is free";
    if (error.code === "EADDRINUSE") throw new ArgumentError(`port ${port} is taken, perhaps by another studio; ${remedy}`, { cause: error });
    throw new ArgumentError(`port ${port} cannot be had (${error.message}); ${remedy}`, { cause: error });
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** What there is to see. */
interface Site {
  readonly pages: Pages;
  readonly store: RunStore;
}

async function answer(door: Door, { pages, store }: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "GET", url: target = "/", headers } = request;
  const withBody = method !== "HEAD";
  const access = accessTo(door, { method, target, headers });
  if (access.kind === "refuse") return send(response, refusalPage(access.status, access.why), withBody);
  if (access.kind === "exchange") {
    // The cookie ends with the browser; from here on the address is without the token.
    const cookie = `${cookieName(door)}=${door.token}; HttpOnly; SameSite=Strict; Path=/`;
    return send(response, { status: 303, headers: { "set-cookie": cookie, location: "/" } });
  }
  const { pathname, searchParams } = new URL(target, "http://studio");
  const saved = method === "PUT" ? await savePostedRun(store.folder, pathname, request) : undefined;
  if (saved) return send(response, saved);
  if (withBody && method !== "GET") return send(response, jsonAnswer({ error: `${method} is not understood` }, 405, { allow: "GET, HEAD, PUT" }));
  if (pathname === "/api/live" && withBody) {
    const asked = parsePosition(searchParams.get("follow") ?? "{}");
    const known = await Promise.all([...asked].map(async ([run, bytes]) => ((await store.pathOf(run)) === undefined ? [] : [[run, bytes] as const])));
    return sendLiveEvents(store, new Map(known.flat()), request, response);
  }
  const found = (await answerAboutRuns(store, pathname, searchParams)) ?? (await readPage(pages, pathname));
  return send(response, found ?? jsonAnswer({ error: `there is no ${pathname}` }, 404), withBody);
}
