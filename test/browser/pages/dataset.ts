import { files, loadDataset, type FileProgress } from "../../../src/browser.js";

const message = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : "?");

/** What loading MNIST gives: shapes and labels, or the error. `text` are the picked files, as strings of their bytes. */
export async function mnist(picked?: Readonly<Record<string, readonly number[]>>, download = true): Promise<object | string> {
  const given = picked && Object.entries(picked).map(([name, bytes]) => new File([Uint8Array.from(bytes)], name));
  try {
    const { train, test } = await loadDataset("mnist", { files: given, download });
    return { train: [train.count, train.height, train.width, [...train.labels]], test: [...test.labels], kept: await (await files()).list("data/mnist") };
  } catch (error) {
    return message(error);
  }
}

/** The text of a set, how far its download was told to be, and what is kept; or the error. */
export async function passengers(): Promise<object | string> {
  const told: FileProgress[] = [];
  try {
    const { table } = await loadDataset("airline-passengers", { onProgress: (progress) => void told.push(progress) });
    return { columns: table.columns.length, last: told.at(-1), kept: await (await files()).list("data/airline-passengers") };
  } catch (error) {
    return message(error);
  }
}
