/** Where a page keeps files between visits. */
export interface FileStore {
  read(name: string): Promise<Uint8Array | undefined>;
  /** The file is there as a whole or as it was before. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}
