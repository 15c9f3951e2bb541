import { stat } from "node:fs/promises";
import module from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ArgumentError, DataError, GradusError } from "../core/errors.js";
import type { Recipe } from "../train/recipe.js";
import type { SavedRun } from "./saved-run.js";

const extensions = [".ts", ".mts", ".js", ".mjs"];

/** Whether the name of a recipe is the path of a file that holds one. */
export function isRecipeFile(name: string): boolean {
  return /[/\\]/.test(name) || extensions.includes(extname(name));
}

/**
 * The recipe that a user's file exports as `recipe` or by default. Its `gradus` is this one, wherever the file lies. Throws ArgumentError for
 * a file that is missing, holds no recipe, or cannot be read by this version of Node, DataError for what the file itself throws.
 */
export async function loadRecipeFile(path: string): Promise<Recipe> {
  const file = resolve(path);
  const status = await stat(file).catch(() => undefined);
  if (!status?.isFile()) throw new ArgumentError(`recipe ${path}: there is no such file; gradus new recipe NAME writes one to begin with`);
  resolveGradusHere();
  const exports = await importFile(file, path);
  const recipe = exports["recipe"] ?? exports["default"];
  if (!isRecipe(recipe)) {
    throw new ArgumentError(`recipe ${path}: the file exports ${Object.keys(exports).join(", ") || "nothing"}; expected: export const recipe = defineRecipe({ … })`);
  }
  return { ...recipe, name: recipe.name || basename(file, extname(file)), file };
}

/**
 * The recipe of a run: its name or, where it was a user's file, what the copy in the run's folder says; a copy that lacks the files
 * it imports leads to where the file was.
 */
export async function recipeOfRun(folder: string, { recipe, recipeFile, recipePath }: Pick<SavedRun, "recipe" | "recipeFile" | "recipePath">): Promise<Recipe | string> {
  if (recipeFile === undefined) return recipe;
  try {
    return { ...(await loadRecipeFile(join(folder, recipeFile))), name: recipe };
  } catch (error) {
    if (!(error instanceof DataError) || recipePath === undefined) throw error;
    return loadRecipeFile(join(folder, recipePath)).catch(() => {
      throw error;
    });
  }
}

async function importFile(file: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof GradusError) throw error;
    if (error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION" && /\.m?ts$/.test(file)) {
      throw new ArgumentError(
        `recipe ${path}: Node ${process.versions.node} does not read TypeScript. Use Node 22.18 or newer, write the recipe in JavaScript, ` +
          "or install tsx, let its name end in .mts, and run: NODE_OPTIONS='--import tsx' npx gradus train …",
        { cause: error },
      );
    }
    throw new DataError(`recipe ${path}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, { cause: error });
  }
}

function isRecipe(value: unknown): value is Recipe {
  return typeof value === "object" && value !== null && "model" in value && "defaults" in value;
}

let resolved = false;

/** Lets every file import this installation as `gradus`: there is one, so that a recipe's tensors are the command's. */
function resolveGradusHere(): void {
  if (resolved) return;
  resolved = true;
  const hook = `
    export async function resolve(specifier, context, next) {
      const own = specifier === "gradus" || specifier.startsWith("gradus/");
      return next(specifier, own ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context);
    }`;
  // Node 20.6 and newer.
  module.register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
