import { dirname } from "node:path";
import { build } from "esbuild";

/**
 * The JavaScript of a page whose module is the TypeScript file `entry`, with all that it imports. What the
 * module exports becomes `globalThis.exported`.
 */
export async function bundlePage(entry: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as exported from ${JSON.stringify(entry)}; globalThis.exported = exported;`,
      resolveDir: dirname(entry),
    },
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    keepNames: true,
    write: false,
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (!output) throw new Error(`${entry} gave no output`);
  return output.text;
}
