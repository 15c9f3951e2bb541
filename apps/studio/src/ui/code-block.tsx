import { useState } from "preact/hooks";
import { copyText } from "./copy-text.js";
import { Button } from "./controls.js";

/** A piece of source text and what it is. */
export interface CodeToken {
  readonly kind: "comment" | "string" | "keyword" | "number" | "text";
  readonly text: string;
}

const keywords =
  "as async await break case catch class const continue default delete do else export extends finally for from function if import in " +
  "instanceof interface let new of readonly return static super switch this throw try type typeof undefined null true false var void while yield";
const pattern = new RegExp(
  [
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<=^|\n)[ \t]*#[^\n]*)/,
    /(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)/,
    new RegExp(`(?<keyword>\\b(?:${keywords.split(" ").join("|")})\\b)`),
    /(?<number>\b\d[\d_.]*(?:e[+-]?\d+)?\b)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/** Cuts TypeScript (or a shell's commands) into pieces for colouring; joined, their texts are the source. */
export function codeTokens(source: string): CodeToken[] {
  const tokens: CodeToken[] = [];
  let end = 0;
  for (const match of source.matchAll(pattern)) {
    if (match.index > end) tokens.push({ kind: "text", text: source.slice(end, match.index) });
    const kind = (["comment", "string", "keyword", "number"] as const).find((name) => match.groups?.[name] !== undefined) ?? "text";
    tokens.push({ kind, text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < source.length) tokens.push({ kind: "text", text: source.slice(end) });
  return tokens;
}

/** Source code with a button that copies it. `label` says what the code does. */
export function CodeBlock({ code, label }: { readonly code: string; readonly label: string }) {
  const [said, setSaid] = useState("");
  const copy = (): void => {
    const say = (text: string): void => {
      setSaid(text);
      setTimeout(() => setSaid(""), 2000);
    };
    copyText(code).then(
      () => say("Copied"),
      () => say("Not allowed"),
    );
  };
  return (
    <div class="code-block">
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>
          {codeTokens(code).map(({ kind, text }, i) => (kind === "text" ? text : <span key={i} class={kind}>{text}</span>))}
        </code>
      </pre>
      <Button small onClick={copy}>
        {said || "Copy"}
        <span class="visually-hidden"> the code: {label}</span>
      </Button>
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </div>
  );
}
