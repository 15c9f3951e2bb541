import { CodeBlock } from "../ui/code-block.js";
import "./chapter.css";

/** A file of the code that runs. */
export interface CodeFile {
  /** What it does, in a few words. */
  readonly title: string;
  /** Where it lies in the repository. */
  readonly path: string;
  readonly code: string;
}

/** The code behind a chapter. */
export function CodeFiles({ files }: { readonly files: readonly CodeFile[] }) {
  return (
    <section class="chapter-code" aria-labelledby="code-title">
      <h2 id="code-title">The code that runs</h2>
      <p class="quiet">
        These are the modules that the lab above is running at this moment, as they are. What they import from other files lies beside them in the repository; none of it needs a browser.
      </p>
      {files.map(({ title, path, code }, i) => (
        <details key={path} open={i === 0}>
          <summary>
            {title} <code class="quiet">{path}</code>
          </summary>
          <CodeBlock code={code} label={title} />
        </details>
      ))}
    </section>
  );
}
