import { files, loadWeights, saveWeights, tensor, type nn } from "../../../src/browser.js";

const text = async (path: string): Promise<string> => new TextDecoder().decode(await bytes(path));

async function bytes(path: string, start?: number): Promise<Uint8Array> {
  const file = await (await files()).open(path);
  return file.read(start).finally(() => file.close());
}

/** What becomes of files that are written, replaced, listed and removed. */
export async function keepFiles(): Promise<object> {
  const stored = await files();
  await stored.write("a/x.txt", "short");
  await stored.write("a/x.txt", "ä, and longer");
  await stored.write("/a/./deep/y.bin", Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4));
  await stored.write("b/z", "z");
  const found = { first: await text("a/x.txt"), second: [...(await bytes("a/deep/y.bin"))], range: [...(await bytes("a/deep/y.bin", 1))] };
  const lists = [await stored.list("."), await stored.list("a"), await stored.list("c")];
  await stored.remove("a/x.txt");
  await stored.remove("b");
  await stored.remove("b");
  const left = await stored.list("a");
  const places: string[] = [];
  for (const [name, replace] of [["old", false], ["old", false], ["new", true]] as const) {
    places.push(await stored.createFolder("runs/one", new Map([[name, name]]), replace));
  }
  const result = { ...found, lists, left, places, replaced: await stored.list("runs/one") };
  for (const name of (await stored.list("")) ?? []) await stored.remove(name);
  return result;
}

/** Begins to replace a file and to write another, as `write` does, and never ends. */
export async function breakOff(): Promise<void> {
  await (await files()).write("kept", "old");
  const folder = await navigator.storage.getDirectory();
  for (const name of ["kept", "fresh"]) await (await (await folder.getFileHandle(name, { create: true })).createWritable()).write("new");
}

/** What is left of that. */
export async function afterBreak(): Promise<object> {
  const fresh = await text("fresh").catch((error: unknown) => (error instanceof Error ? error.name : "?"));
  return { kept: await text("kept"), fresh, list: await (await files()).list("") };
}

/** The errors of what cannot be. */
export async function refusals(): Promise<string[]> {
  const stored = await files();
  await stored.write("folder/file", "x");
  const calls = [stored.open("none/at/all"), stored.write("../up", "x"), stored.write("folder", "x"), stored.list("folder/file")];
  return Promise.all(calls.map((call) => call.then(() => "done", (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : "?"))));
}

/** Tensors that are saved in two files and read again. */
export async function keepWeights(): Promise<object> {
  const place = await saveWeights("models/m.safetensors", { a: tensor([1, 2, 3, 4]), b: tensor([5, 6]) }, { maxShardSize: 16 });
  const plain = async (state: nn.StateDict): Promise<object> =>
    Object.fromEntries(await Promise.all(Object.entries(state).map(async ([name, t]) => [name, await t.array()] as const)));
  return {
    place,
    files: await (await files()).list("models"),
    all: await plain(await loadWeights(place)),
    only: await plain(await loadWeights(place, { only: (name) => name === "b" })),
  };
}
