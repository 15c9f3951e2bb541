import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { recipeText } from "./new-command.js";

test("the recipe to begin with is the example, which is type-checked, and the same without types", () => {
  expect(recipeText(true)).toBe(readFileSync(new URL("../../examples/recipe.ts", import.meta.url), "utf8"));
  expect(recipeText(false)).not.toMatch(/: number|type Tensor|override/);
});
