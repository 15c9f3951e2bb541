import { signal } from "@preact/signals";

const key = "gradus-theme";

/** What the user chose: the system's choice, or one of the two. */
export type Theme = "system" | "light" | "dark";

export const theme = signal<Theme>(stored());

/** Counts changes of what colours mean, so that what draws on canvases draws anew. */
export const colourVersion = signal(0);

/** Lets the page have the colours that were chosen, now and when they change. */
export function applyTheme(): void {
  theme.subscribe((chosen) => {
    if (chosen === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen;
    colourVersion.value = colourVersion.peek() + 1;
    remember(chosen);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    colourVersion.value = colourVersion.peek() + 1;
  });
}

const resolved = new Map<string, string>();

/** A design token such as `--series-1` as a colour that a canvas understands. */
export function colourOf(token: string): string {
  const name = `${colourVersion.peek()} ${token}`;
  const known = resolved.get(name);
  if (known !== undefined) return known;
  const probe = document.createElement("i");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  resolved.set(name, colour);
  return colour;
}

/** Tokens of colours that tell up to eight things apart. */
export const seriesTokens = Array.from({ length: 8 }, (_, i) => `--series-${i + 1}`);

/** Storage may be switched off. */
function stored(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function remember(chosen: Theme): void {
  try {
    localStorage.setItem(key, chosen);
  } catch {
    return;
  }
}
