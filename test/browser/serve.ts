import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

export interface ServeOptions {
  /** Files by their path in the address (`/page.js`), before those of the folder. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** A folder whose files are served; `/` is its index.html. */
  readonly folder?: string;
  /** Whether pages are cross-origin isolated, so that they have SharedArrayBuffer (COOP and COEP headers); false if not given. */
  readonly isolated?: boolean;
}

export interface Served {
  /** `http://127.0.0.1:PORT`, which browsers take for a secure context. */
  readonly url: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Serves files on a random port of the loopback address. */
export async function serve({ files = {}, folder, isolated = false }: ServeOptions): Promise<Served> {
  const headers: Record<string, string> = isolated
    ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
    : {};
  const contentOf = async (path: string): Promise<string | Uint8Array | undefined> => {
    const given = files[path];
    if (given !== undefined || folder === undefined) return given;
    return readFile(join(folder, normalize(path))).catch(() => undefined);
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : decodeURIComponent(pathname);
    void contentOf(path).then((content) => {
      const missing = path === "/favicon.ico" ? 204 : 404;
      const type = types[extname(path)] ?? "application/octet-stream";
      response.writeHead(content === undefined ? missing : 200, { ...headers, "content-type": type, "cache-control": "no-store" });
      response.end(content);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
