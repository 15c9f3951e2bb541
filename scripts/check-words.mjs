// Fails when a file of the repository names a place on one machine, or hides its meaning behind an empty file name.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

if (!existsSync(".git")) {
  console.log("check-words: not a git checkout, so there is no list of files to check");
  process.exit(0);
}
const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" });
const paths = list.split("\0").filter((path) => path !== "" && existsSync(path));

const machinePath = /(?<![\w.])\/(?:work|root|home)\//;
const registryHost = /\bregistry\.[\w-]+\.\w+|^\s*registry\s*=|"resolved":\s*"https?:/;
const emptyName = /(?:^|[/.-])(?:utils?|helpers?|managers?|handlers?|services?)[.-]/;

const problems = [];
for (const path of paths) {
  if (emptyName.test(path)) problems.push(`${path}: name the file for what it exports`);
  const text = readFileSync(path, "utf8");
  if (text.includes("\0")) continue;
  text.split("\n").forEach((line, index) => {
    if (machinePath.test(line)) problems.push(`${path}:${index + 1}: a path of one machine`);
    if (registryHost.test(line)) problems.push(`${path}:${index + 1}: a package registry's address`);
  });
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
