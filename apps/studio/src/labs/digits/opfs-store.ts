import type { FileStore } from "./store.js";

/** Files in a folder of the browser's own storage for this origin. */
export class OpfsStore implements FileStore {
  readonly #folder: Promise<FileSystemDirectoryHandle>;

  constructor(...path: readonly string[]) {
    this.#folder = path.reduce(
      (parent, name) => parent.then((folder) => folder.getDirectoryHandle(name, { create: true })),
      navigator.storage.getDirectory(),
    );
    this.#folder.catch(() => undefined);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      const file = await (await this.#folder).getFileHandle(name);
      return new Uint8Array(await (await file.getFile()).arrayBuffer());
    } catch {
      return undefined;
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const file = await (await this.#folder).getFileHandle(name, { create: true });
    // The file takes the new content when the stream is closed.
    const stream = await file.createWritable();
    await stream.write(bytes as Uint8Array<ArrayBuffer>);
    await stream.close();
  }

  async remove(name: string): Promise<void> {
    await (await this.#folder).removeEntry(name).catch(() => undefined);
  }
}
