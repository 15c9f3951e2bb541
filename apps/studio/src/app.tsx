import { lazy, Suspense } from "preact/compat";
import { useEffect, useRef } from "preact/hooks";
import { addressOf, route } from "./route.js";
import { RunsPage } from "./runs/runs-page.js";
import { Select } from "./ui/controls.js";
import { theme, type Theme } from "./ui/theme.js";

// A lab is loaded when it is opened: the first page need not wait for the library.
const NeuronLab = lazy(() => import("./labs/neuron/neuron-lab.js").then(({ NeuronLab }) => ({ default: NeuronLab })));
const DigitsLab = lazy(() => import("./labs/digits/digits-lab.js").then(({ DigitsLab }) => ({ default: DigitsLab })));

const pages = [
  { page: "runs", title: "Runs", short: "Runs", Content: RunsPage },
  { page: "lab/neuron", title: "From neuron to network", short: "Neurons", Content: NeuronLab },
  { page: "lab/digits", title: "Reading digits", short: "Digits", Content: DigitsLab },
] as const;

const themes: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** The page's frame, and what the address asks for. */
export function App() {
  const { page } = route.value;
  const shown = pages.find((known) => known.page === page);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${shown?.title ?? "Not found"} · Gradus Studio`;
    // A new page is read from its beginning.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [page]);
  return (
    <>
      <a class="skip-link" href="#main" onClick={(event) => {
        // The address after # names the page.
        event.preventDefault();
        main.current?.focus();
      }}>
        To the content
      </a>
      <header class="top-bar">
        <a class="brand" aria-label="Gradus Studio" href={addressOf("runs")}>
          <Logo />
          <span class="name">Gradus Studio</span>
        </a>
        <nav aria-label="Pages">
          <ul>
            {pages.map((known) => (
              <li key={known.page}>
                <a href={addressOf(known.page)} aria-current={known.page === page ? "page" : undefined}>
                  <span class="long">{known.title}</span>
                  <span class="short">{known.short}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="theme-choice">
          <Select label="Colours" hideLabel value={theme.value} choices={themes} onChange={(value) => (theme.value = value)} />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Suspense fallback={<p class="quiet" role="status">Loading …</p>}>
          {shown ? <shown.Content /> : <NotFound />}
        </Suspense>
      </main>
    </>
  );
}

function NotFound() {
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        The address names a page that the studio does not have. <a href={addressOf("runs")}>Go to the runs</a>
      </p>
    </>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path d="M6 9c6 0 6 14 20 14" fill="none" stroke="var(--on-accent)" stroke-width="3" stroke-linecap="round" />
      <circle cx="26" cy="23" r="2.6" fill="var(--on-accent)" />
    </svg>
  );
}
