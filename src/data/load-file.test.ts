import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { DataError, FormatError } from "../core/errors.js";
import { loadCsv, loadText } from "./load-file.js";

test("texts and tables come from files, packed or not; errors name the file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradus-files-"));
  try {
    const [plain, packed, latin] = ["a.csv", "b.csv.gz", "c.txt"].map((name) => join(folder, name)) as [string, string, string];
    await writeFile(plain, "size;town\n1;Köln\n;Bonn\n");
    await writeFile(packed, gzipSync("size;town\n1;Köln\n;Bonn\n"));
    await writeFile(latin, Buffer.from("Köln", "latin1"));
    expect(await loadText(packed)).toBe("size;town\n1;Köln\n;Bonn\n");
    const table = await loadCsv(plain);
    expect(table.columns).toEqual([
      { name: "size", kind: "numeric", values: Float64Array.of(1, NaN) },
      { name: "town", kind: "categorical", categories: ["Bonn", "Köln"], codes: Int32Array.of(1, 0) },
    ]);
    expect(await loadCsv(packed)).toEqual(table);
    await expect(loadText(latin)).rejects.toThrow(FormatError);
    await expect(loadCsv(join(folder, "none.csv"))).rejects.toThrow(DataError);
    await expect(loadCsv(plain, { kinds: { town: "numeric" } })).rejects.toThrow(/a\.csv: column "town"/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
