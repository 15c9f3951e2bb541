import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

// Blocks marked ```ts in README.md and docs/ are programs. One that begins with an import is a program of its own, any other goes
// on with what is before it on its page. "ts no-run" is only type-checked. Comments "// → …" say what is printed, line by line.

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Program {
  /** The page and the line where the program begins. */
  readonly place: string;
  /** Each line is where it is on the page, so that errors name it. */
  readonly checked: string[];
  /** The lines that are run. */
  readonly run: string[];
}

function pages(): string[] {
  const paths = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll("\\", "/"));
  const written = paths.filter((path) => path.endsWith(".md") && !/^(api|dist|node_modules)\//.test(path));
  return ["README.md", ...written.sort().map((path) => `docs/${path}`)];
}

function programsOf(page: string): Program[] {
  const programs: Program[] = [];
  let language: string | undefined;
  let isFirstLine = false;
  readFileSync(join(root, page), "utf8").split("\n").forEach((line, number) => {
    const fence = /^```(.*)$/.exec(line)?.[1];
    if (fence !== undefined) {
      language = language === undefined ? fence.trim() : undefined;
      isFirstLine = language !== undefined;
    } else if (language === "ts" || language === "ts no-run") {
      if (isFirstLine && line.startsWith("import ")) programs.push({ place: `${page}:${number + 1}`, checked: [], run: [] });
      isFirstLine = false;
      const program = programs.at(-1);
      if (!program) throw new Error(`${page}:${number + 1}: the first program of a page has to begin with an import`);
      program.checked[number] = line;
      if (language === "ts") program.run[number] = line;
    }
  });
  return programs;
}

const textOf = (lines: readonly string[]): string => Array.from(lines, (line: string | undefined) => line ?? "").join("\n");

/** What the type checker says of all programs as users of the built package. */
function typeErrors(programs: readonly Program[]): string[] {
  const files = new Map(programs.map(({ place, checked }) => [`${root}${place.replaceAll(/[/:]/g, "-")}.ts`, { place, text: textOf(checked) }]));
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, noUnusedLocals: false, noUnusedParameters: false }, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.getSourceFile = (name, settings, ...rest) => {
    const file = files.get(name);
    return file ? ts.createSourceFile(name, file.text, settings) : getSourceFile(name, settings, ...rest);
  };
  return ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host)).map(({ file, start = 0, messageText }) => {
    const page = (file && files.get(file.fileName)?.place.replace(/:\d+$/, "")) ?? file?.fileName;
    const line = file && file.getLineAndCharacterOfPosition(start).line + 1;
    return `${page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

/** Imports programs one after the other on WebAssembly, which has nothing to compile for long, and tells what each printed. */
const runner = `
  import { format, inspect } from "node:util";
  import { setDefaultDevice } from "gradus";
  const results = [];
  for (const file of process.argv.slice(2)) {
    const lines = [];
    console.log = (...args) => lines.push(...format(...args).split("\\n"));
    setDefaultDevice("wasm");
    try {
      await import(file);
    } catch (error) {
      lines.push(inspect(error));
      lines.failed = true;
    }
    results.push({ lines, failed: lines.failed ?? false });
  }
  process.stdout.write(JSON.stringify(results));
`;

interface Result {
  readonly lines: readonly string[];
  readonly failed: boolean;
}

function runAll(programs: readonly Program[]): Result[] {
  // Inside the package, so that "gradus" means what was built; the programs' own files go elsewhere.
  const folder = mkdtempSync(join(root, "dist", "documentation-"));
  const place = mkdtempSync(join(tmpdir(), "gradus-documentation-"));
  try {
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
    const files = programs.map(({ run }, i) => {
      const path = join(folder, `${i}.mjs`);
      writeFileSync(path, ts.transpileModule(textOf(run), { compilerOptions }).outputText);
      return pathToFileURL(path).href;
    });
    writeFileSync(join(folder, "run.mjs"), runner);
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "run.mjs"), ...files], { cwd: place, encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout) as Result[];
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(place, { recursive: true });
  }
}

const programs = pages().flatMap(programsOf);

test("what the documentation shows type-checks against the built package", () => {
  expect(programs.length).toBeGreaterThan(20);
  expect(typeErrors(programs)).toEqual([]);
});

test("what the documentation shows runs and prints what it says", () => {
  const wrong = runAll(programs).flatMap(({ lines, failed }, i) => {
    const { place = "", run = [] } = programs[i] ?? {};
    const expected = run.flatMap((line) => /\/\/ → (.*)$/.exec(line)?.[1] ?? []);
    const isRight = !failed && (expected.length === 0 || expected.join("\n") === lines.join("\n"));
    return isRight ? [] : [`${place} printed:\n${lines.join("\n")}`];
  });
  expect(wrong).toEqual([]);
});
