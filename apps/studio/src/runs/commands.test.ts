import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { commandsFor } from "./commands.js";

const files = [{ name: "model.safetensors", bytes: 1 }];
const images = { preprocessing: { height: 28, width: 28 } };
const run = (name: string, state: "finished" | "interrupted" = "finished") => ({ row: { id: name, name, state }, recipe: images, files });

test("commands name the folder, and what the network reads", () => {
  expect(commandsFor(run("mlp"), "runs")).toBe("npx gradus evaluate runs/mlp          # scores of each class\nnpx gradus predict runs/mlp photo.png # use the network");
  expect(commandsFor({ ...run("iris", "interrupted"), recipe: { columns: [] } }, "my runs/").split("\n")).toEqual([
    "npx gradus train --resume 'my runs/iris'    # go on where it was stopped",
    "npx gradus evaluate 'my runs/iris'          # scores of each class",
    "npx gradus predict 'my runs/iris' table.csv # use the network",
  ]);
  // A run that trains has no weights yet.
  expect(commandsFor({ ...run("now"), row: { id: "now", name: "now", state: "running" }, files: [] }, "runs")).toBe("");
  expect(commandsFor({ ...run("x"), row: { id: ".itself", name: "mlp", state: "finished" } }, "deep/mlp")).toContain("evaluate deep/mlp ");
});

test.skipIf(process.platform === "win32")("a shell takes any folder's name for one word", () => {
  for (const name of ["a b", "$(touch x)", "`x`", "it's", "a;b", 'a"b', "a\nb", "-rf", "a#b", "ä", "*"]) {
    const [command = ""] = commandsFor(run(name), ".").split(" # ");
    // Its arguments, each ended by a NUL.
    const words = execFileSync("sh", ["-c", command.replace("npx gradus", "printf '%s\\0'")], { encoding: "utf8" }).split("\0");
    expect(words.slice(0, 2)).toEqual(["evaluate", `./${name}`]);
  }
  expect(commandsFor(run("x"), "-rf")).toContain(" ./-rf/x ");
});
