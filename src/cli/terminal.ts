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
 * (`npx …`) stays whole, on a line of its own.
 */
export function breakLines(text: string, columns: number): string {
  return text.split("\n").map((line) => (widthOf(line) <= columns ? line : breakLine(line, columns))).join("\n");
}

function breakLine(line: string, columns: number): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const words = line.trimStart().match(/npx .*?(?=$| {2})|\S+/g) ?? [];
  const lines: string[] = [];
  let last: string | undefined;
  for (const word of words) {
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns) {
      last = `${last} ${word}`;
    } else {
      if (last !== undefined) lines.push(last);
      last = indent + word;
    }
  }
  return [...lines, ...(last === undefined ? [] : [last])].join("\n");
}

/** The columns that a text takes: styles take none. */
function widthOf(text: string): number {
  return text.replace(/\x1b\[\d+m/g, "").length;
}
