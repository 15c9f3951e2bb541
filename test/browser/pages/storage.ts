import { files, loadWeights, openDevice, saveWeights, tensor, type nn } from "../../../src/browser.js";

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

/** Begins to replace a file and to write another, and never ends. */
export async function breakOff(): Promise<void> {
  const stored = await files();
  await stored.write("kept", "old");
  let begun = 0;
  const all = new Promise<void>((done) => {
    FileSystemWritableFileStream.prototype.close = () => {
      if (++begun === 2) done();
      return new Promise(() => undefined);
    };
  });
  for (const name of ["kept", "fresh"]) void stored.write(name, "new");
  await all;
}

const entries = async (): Promise<string[]> => {
  const names: string[] = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
  return names.sort();
};

/** What is left of that, today and in two days. */
export async function afterBreak(): Promise<object> {
  const fresh = await text("fresh").catch((error: unknown) => (error instanceof Error ? error.name : "?"));
  const list = await (await files()).list("");
  const hidden = (await entries()).length - (list?.length ?? 0);
  const { now } = Date;
  Date.now = () => now() + 48 * 3600 * 1000;
  const later = await (await files()).list("");
  return { kept: await text("kept"), fresh, list, hidden, later, remaining: await entries() };
}

/** A folder that is replaced while the storage is full, and files that are empty. */
export async function keepOnFailure(): Promise<object> {
  const stored = await files();
  await stored.createFolder("runs/one", new Map([["a", "old"], ["b", "old"], ["empty", ""]]));
  const { write } = FileSystemWritableFileStream.prototype;
  FileSystemWritableFileStream.prototype.write = function (data) {
    return data === "too much" ? Promise.reject(new DOMException("full", "QuotaExceededError")) : write.call(this, data);
  };
  const replaced = await stored.createFolder("runs/one", new Map([["a", "new"], ["c", "too much"]]), true).catch(String);
  const written = await stored.write("runs/one/a", "too much").catch(String);
  const { length } = await bytes("runs/one/empty");
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  const result = { replaced, written, length, names, list: await stored.list("runs/one"), a: await text("runs/one/a") };
  await stored.remove("runs");
  await stored.write("plain", "x");
  const place = await stored.createFolder("plain", new Map([["y", ""]]), true);
  return { ...result, place, inPlace: await stored.list("plain") };
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

/** The files that opening the GPU leaves in the page's storage, with their content. */
export async function tiles(): Promise<[string, string][]> {
  await openDevice("webgpu");
  const names = (await (await files()).list("cache")) ?? [];
  return Promise.all(names.map(async (name): Promise<[string, string]> => [name, await text(`cache/${name}`)]));
}
