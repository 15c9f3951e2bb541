import type { RunList, RunRow } from "../../../../../src/studio/protocol.js";
import type { Choice } from "../../ui/controls.js";
import type { PickedFile } from "./lab-data.js";

/** The runs of the folder that the studio serves. */
export interface ServedRuns {
  readonly folder: string;
  readonly runs: readonly Choice<string>[];
}

/** Recipes that the lab can make networks of. */
const recipes = /^(?:lenet|mlp|softmax-regression|lab-(?:softmax|mlp|cnn))$/;

/** Whether the lab can open a run: it knows the recipe, and the weights are there. */
export function isOpenable({ recipe, hasWeights }: Pick<RunRow, "recipe" | "hasWeights">): boolean {
  return hasWeights && recipes.test(recipe);
}

/** The runs that the lab can open, those whose weights are there; undefined where the pages come from another server than the studio's. */
export async function listServerRuns(): Promise<ServedRuns | undefined> {
  const response = await fetch("api/runs").catch(() => undefined);
  if (!response?.ok || response.headers.get("content-type") !== "application/json") return undefined;
  const { folder, runs } = (await response.json()) as RunList;
  return { folder, runs: runs.filter(isOpenable).map(({ id, name, data }) => ({ value: id, label: data === null ? name : `${name} (${data})` })) };
}

/** The files of a run that the lab reads. Throws Error where the studio does not have them. */
export async function readServerRun(id: string): Promise<PickedFile[]> {
  const files = await Promise.all(
    ["model.safetensors", "recipe.json", "metrics.jsonl"].map(async (name) => {
      const response = await fetch(`api/runs/${encodeURIComponent(id)}/files/${name}`);
      // A run has no curves where it was given away as weights and recipe.
      if (response.status === 404 && name === "metrics.jsonl") return [];
      if (!response.ok) throw await failure(response);
      return [{ name, bytes: new Uint8Array(await response.arrayBuffer()) }];
    }),
  );
  return files.flat();
}

/** Saves a run's files, packed as .zip, in the studio's folder; gives the name that it got. Throws Error where the studio refuses. */
export async function saveServerRun(name: string, archive: Uint8Array): Promise<string> {
  const response = await fetch(`api/runs/${encodeURIComponent(name)}`, { method: "PUT", body: archive as Uint8Array<ArrayBuffer> });
  if (!response.ok) throw await failure(response);
  return ((await response.json()) as { readonly id: string }).id;
}

async function failure(response: Response): Promise<Error> {
  const answer = (await response.json().catch(() => ({}))) as { readonly error?: string };
  return new Error(answer.error ?? `the studio answered ${response.status}`);
}
