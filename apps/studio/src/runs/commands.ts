import type { RunDetails } from "./api.js";

/** What can be done with a run in a shell, a line for each; none for a run that has kept nothing to go on with. */
export function commandsFor({ row, recipe, files }: Pick<RunDetails, "recipe" | "files"> & { readonly row: Pick<RunDetails["row"], "id" | "name" | "state"> }, folder: string): string {
  const path = row.id === row.name ? `${folder.replace(/\/+$/, "")}/${row.name}` : folder;
  // A folder's name may begin like an option.
  const run = quoted(path.startsWith("-") ? `./${path}` : path);
  const lines: (readonly [command: string, comment: string])[] = [];
  if (row.state === "interrupted") lines.push([`npx gradus train --resume ${run}`, "go on where it was stopped"]);
  if (files.some(({ name }) => name === "model.safetensors")) {
    lines.push([`npx gradus evaluate ${run}`, "scores of each class"]);
    lines.push([`npx gradus predict ${run} ${readsImages(recipe) ? "photo.png" : "table.csv"}`, "use the network"]);
  }
  const width = Math.max(...lines.map(([command]) => command.length));
  return lines.map(([command, comment]) => `${command.padEnd(width)} # ${comment}`).join("\n");
}

/** A word of a POSIX shell that means itself. */
function quoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function readsImages({ preprocessing }: RunDetails["recipe"]): boolean {
  return typeof preprocessing === "object" && preprocessing !== null && "height" in preprocessing;
}
