import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.js";

const beside = join(dirname(fileURLToPath(import.meta.url)), "../../../shared/data");
const data = process.env["GRADUS_DATA"] || beside;
const titanic = join(data, "titanic/titanic.csv");
const housing = join(data, "california-housing/housing.csv");
const adult = join(data, "adult/adult.data");
const adultColumns =
  "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,capital-gain,capital-loss,hours-per-week,native-country,income";

/** The scores of `gradus train …argv` on what it held out. */
async function scoresOf(...argv: string[]): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "gradus-tabular-"));
  const silent = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockReturnValue(true));
  try {
    const json = join(folder, "result.json");
    expect(await main(["train", ...argv, "--out", join(folder, "run"), "--json", json])).toBe(0);
    return (JSON.parse(await readFile(json, "utf8")) as { test: Record<string, number> }).test;
  } finally {
    for (const spy of silent) spy.mockRestore();
    await rm(folder, { recursive: true });
  }
}

test.skipIf(!existsSync(titanic))("who survived the Titanic: 0.80 of the held-out passengers", async () => {
  const { accuracy } = await scoresOf("tabular", "--csv", titanic, "--target", "survived");
  expect(accuracy).toBeGreaterThanOrEqual(0.8);
});

test.skipIf(!existsSync(adult))("Adult: 0.845 of the held-out people, in a third of the recipe's epochs", async () => {
  const { accuracy } = await scoresOf("tabular", "--csv", adult, "--columns", adultColumns, "--target", "income", "--epochs", "10");
  expect(accuracy).toBeGreaterThanOrEqual(0.845);
});

test.skipIf(!existsSync(housing))("California housing: an error below 60,000 dollars, in half of the recipe's epochs", async () => {
  const { rmse } = await scoresOf("regression", "--csv", housing, "--target", "median_house_value", "--epochs", "20");
  expect(rmse).toBeLessThan(60_000);
});
