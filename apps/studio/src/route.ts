import { signal } from "@preact/signals";

/** What the address says after `#`: a page, and what is chosen on it. */
export interface Route {
  /** Such as `runs` or `lab/neuron`. */
  readonly page: string;
  readonly options: URLSearchParams;
}

/** The page that is shown. */
export const route = signal<Route>(parseRoute(location.hash));

/** Milliseconds between two writes of the address: browsers refuse more than about a hundred in half a minute. */
const rest = 400;
/** The address as it was last seen. */
let known = location.hash;
let written = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;

window.addEventListener("hashchange", () => {
  clearTimeout(timer);
  timer = undefined;
  known = location.hash;
  route.value = parseRoute(location.hash);
});
window.addEventListener("pagehide", () => {
  if (timer !== undefined) writeAddress();
});

/** `#/runs?select=a` is the page `runs` with an option. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  return { page: path === "" ? "runs" : path, options: new URLSearchParams(query) };
}

/** The address of a page. */
export function addressOf(page: string, options: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(options).toString();
  return `#/${page}${query === "" ? "" : `?${query}`}`;
}

/** Changes the options of the page that is shown, without a step in the browser's history; an empty one is left out. The address follows, at the latest after a rest. */
export function setOptions(change: Readonly<Record<string, string>>): void {
  const { page, options } = route.peek();
  const merged = { ...Object.fromEntries(options), ...change };
  route.value = parseRoute(addressOf(page, Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""))));
  clearTimeout(timer);
  const wait = written + rest - performance.now();
  if (wait > 0) timer = setTimeout(writeAddress, wait);
  else writeAddress();
}

/** Lets the address say what is shown, now. */
export function writeAddress(): void {
  clearTimeout(timer);
  timer = undefined;
  // The user has gone elsewhere, which this page is told in a moment.
  if (location.hash !== known) return;
  const { page, options } = route.peek();
  written = performance.now();
  try {
    history.replaceState(null, "", addressOf(page, Object.fromEntries(options)));
    known = location.hash;
  } catch {
    // The browser has had too many: the next change writes it.
  }
}
