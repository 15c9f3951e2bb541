import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What of a request decides whether it is answered. */
export interface Asked {
  readonly method: string;
  /** Path and query, as in the request's first line. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** Where a studio listens, and the secret that opens it. */
export interface Door {
  readonly port: number;
  readonly token: string;
}

/** `exchange`: the token came in the address and goes into a cookie. `refuse` says why and with which status. */
export type Access = { readonly kind: "allow" } | { readonly kind: "exchange" } | { readonly kind: "refuse"; readonly status: number; readonly why: string };

/** The name of the cookie with the token; cookies of one host are shared by its ports. */
export function cookieName({ port }: Pick<Door, "port">): string {
  return `gradus-studio-${port}`;
}

/**
 * Whether a request may be answered. The Host must be this computer's own name with the port, or a page of another site could reach
 * the studio under a name of its own that leads here ("DNS rebinding"). Requests that a page makes must come from the studio's pages: its Origin and
 * Sec-Fetch-Site (W3C Fetch Metadata) say so. And the token must be there, in the cookie or, to begin with, in the address.
 */
export function accessTo(door: Door, { method, target, headers }: Asked): Access {
  const hosts = [`127.0.0.1:${door.port}`, `localhost:${door.port}`];
  const { host = "", origin } = headers;
  if (!hosts.includes(host.toLowerCase())) return refuse(`the address names the host ${JSON.stringify(host)}, which is not this studio`);
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return refuse(`the request comes from a page of ${JSON.stringify(origin)}, not from the studio`);
  const { pathname, searchParams } = new URL(target, "http://studio");
  const site = headers["sec-fetch-site"];
  const opensPage = method === "GET" && pathname === "/";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !opensPage) return refuse("the request comes from a page of another site");
  if (method !== "GET" && method !== "HEAD" && origin === undefined) return refuse("a request that changes something must name its Origin");
  const given = searchParams.get("token");
  if (opensPage && given !== null) return isSame(given, door.token) ? { kind: "exchange" } : refuse("the token in the address is not that of the running studio");
  const cookie = cookieOf(headers.cookie, cookieName(door));
  if (cookie === undefined) return refuse("the address has no token, and this browser has not shown it before");
  return isSame(cookie, door.token) ? { kind: "allow" } : refuse("the token that this browser keeps is not that of the running studio");
}

function refuse(why: string): Access {
  return { kind: "refuse", status: 403, why };
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  const parts = (header ?? "").split(";").map((part) => part.trim());
  return parts.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Takes as long for a token that is nearly right. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
