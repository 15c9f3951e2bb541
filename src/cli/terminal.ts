/** What is written to: `process.stdout`, `process.stderr`, or a test's stand-in. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a line on the stream may be rewritten in place: a terminal, and no build log. */
export function isInteractive(stream: OutputStream, environment: Environment = process.env): boolean {
  return stream.isTTY === true && !isSet(environment["CI"]) && environment["TERM"] !== "dumb";
}

/** Whether the stream shows colours; any value of NO_COLOR forbids them (no-color.org). */
export function hasColour(stream: OutputStream, environment: Environment = process.env): boolean {
  return isInteractive(stream, environment) && (environment["NO_COLOR"] ?? "") === "";
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false"].includes(value);
}

/** Writes text in a style, or as it is where the stream has no colour. */
export type Paint = (style: "bold" | "dim" | "green" | "yellow" | "red" | "cyan", text: string) => string;

const styles = { bold: [1, 22], dim: [2, 22], green: [32, 39], yellow: [33, 39], red: [31, 39], cyan: [36, 39] } as const;

/** The `Paint` of a stream. */
export function painter(colour: boolean): Paint {
  if (!colour) return (_style, text) => text;
  return (style, text) => {
    const [on, off] = styles[style];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  };
}

/** Writes a text and a line feed; on a terminal, lines are broken between words. */
export function writeText(stream: OutputStream, text: string): void {
  stream.write(`${stream.isTTY === true ? breakLines(text, stream.columns ?? 80) : text}\n`);
}

/**
 * Breaks lines that are longer than `columns` between words; what follows is indented like the line. A command to be copied
 * (`npx …`) gets a line of its own, or several that end in a backslash.
 */
export function breakLines(text: string, columns: number): string {
  return text.split("\n").map((line) => (widthOf(line) <= columns ? line : breakLine(line, columns))).join("\n");
}

function breakLine(line: string, columns: number): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const pieces = line.trimStart().match(/npx .*?(?=$| {2})|\S+/g) ?? [];
  const fit = (words: readonly string[], end: string, next: string): string => {
    const lines = [indent + (words[0] ?? "")];
    for (const word of words.slice(1)) {
      const longer = `${lines.at(-1) ?? ""} ${word}`;
      if (widthOf(longer) + widthOf(end) <= columns) lines[lines.length - 1] = longer;
      else lines.push(next + word);
    }
    return lines.join(`${end}\n`);
  };
  const words = pieces.map((piece) => {
    if (!piece.startsWith("npx ") || widthOf(indent + piece) <= columns) return piece;
    return fit(piece.split(" "), " \\", `${indent}  `).slice(indent.length);
  });
  return fit(words, "", indent);
}

/** The columns that a text takes: styles take none. */
function widthOf(text: string): number {
  return Math.max(...text.replace(/\x1b\[\d+m/g, "").split("\n").map((line) => line.length));
}
