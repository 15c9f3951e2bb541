import { signal } from "@preact/signals";

/** What the address says after `#`: a page, and what is chosen on it. */
export interface Route {
  /** Such as `runs` or `lab/neuron`. */
  readonly page: string;
  readonly options: URLSearchParams;
}

/** The page that is shown. */
export const route = signal<Route>(parseRoute(location.hash));

window.addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
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

/** Changes the options of the page that is shown, without a step in the browser's history; an empty one is left out. */
export function setOptions(change: Readonly<Record<string, string>>): void {
  const { page, options } = route.peek();
  const merged = { ...Object.fromEntries(options), ...change };
  const address = addressOf(page, Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== "")));
  history.replaceState(null, "", address);
  route.value = parseRoute(address);
}
