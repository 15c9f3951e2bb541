import { resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll } from "vitest";
import { bundlePage } from "./bundle-page.js";
import { launchChromium } from "./chromium.js";
import { serve, type ServeOptions } from "./serve.js";

export interface OpenPageOptions extends ServeOptions {
  /** What is opened; `/` if not given. */
  readonly path?: string;
  /** A browser context to open it in, for its storage; one of its own if not given. */
  readonly context?: BrowserContext;
}

type Functions = Readonly<Record<string, unknown>>;
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never) => infer R ? Awaited<R> : never;

/** A page in the browser of this test file. `M` is the type of the page's module. */
export interface OpenedPage<M> {
  readonly page: Page;
  /** Where it was served. */
  readonly url: string;
  /** Uncaught exceptions and what was written with console.error so far. */
  readonly errors: readonly string[];
  /** Calls an exported function of the page's module. Arguments and result must be values of JSON. */
  call<K extends keyof M & string>(name: K, ...args: Arguments<M[K]>): Promise<Result<M[K]>>;
  /** Closes the page and its server; the end of the test file does it too. */
  close(): Promise<void>;
}

let starting: Promise<Browser> | undefined;
const opened: { close(): Promise<void> }[] = [];

/** The browser of this test file: it starts when it is first asked for and ends with the file. */
export function browser(): Promise<Browser> {
  return (starting ??= launchChromium());
}

afterAll(async () => {
  await Promise.all(opened.map((page) => page.close()));
  await (await starting)?.close();
});

/** Opens what `options` serve, in a context of its own, and waits until it is loaded. */
export async function openSite<M = Functions>({ path = "/", context, ...options }: OpenPageOptions): Promise<OpenedPage<M>> {
  const served = await serve(options);
  const own = context ?? (await (await browser()).newContext());
  const page = await own.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  const close = async (): Promise<void> => {
    await (context ? page : own).close();
    await served.close();
  };
  opened.push({ close });
  await page.goto(served.url + path);
  const call: OpenedPage<M>["call"] = (name, ...args) =>
    page.evaluate(
      async ([fn, given]) => {
        // Modules run after the page is loaded.
        const of = globalThis as unknown as { exported?: Record<string, (...args: readonly unknown[]) => unknown> };
        while (!of.exported) await new Promise((resolve) => setTimeout(resolve, 10));
        const found = of.exported[fn];
        if (!found) throw new Error(`the page exports no ${fn}`);
        return found(...given);
      },
      [name, args as readonly unknown[]] as const,
    ) as Promise<never>;
  return { page, url: served.url, errors, call, close };
}

/**
 * Opens an empty page with the module of a TypeScript file (a path from `test/browser/`), bundled with Gradus from its sources.
 *
 * @example const { call } = await openPage<typeof import("./pages/digits.js")>("pages/digits.ts", { isolated: true });
 * expect(await call("train", 2)).toBeGreaterThan(0.95);
 */
export async function openPage<M = Functions>(file: string, options: OpenPageOptions = {}): Promise<OpenedPage<M>> {
  const script = await bundlePage(resolve(import.meta.dirname, file));
  const html = `<!doctype html><meta charset="utf-8"><title>Gradus</title><script type="module" src="/page.js"></script>`;
  return openSite<M>({ ...options, files: { "/index.html": html, "/page.js": script, ...options.files } });
}
