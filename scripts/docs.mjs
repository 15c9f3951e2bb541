// Builds the documentation site in docs/dist, or with "dev" serves it on this machine. Its packages are installed when first needed.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [task = "build"] = process.argv.slice(2);
const lock = readFileSync("docs/package-lock.json", "utf8");

/** The versions that a lock file names. */
const versionsOf = (text) => Object.entries(JSON.parse(text).packages).filter(([path]) => path !== "").map(([path, { version }]) => `${path} ${version}`);

function isInstalled() {
  try {
    const wanted = new Set(versionsOf(lock));
    return versionsOf(readFileSync("docs/node_modules/.package-lock.json", "utf8")).every((entry) => wanted.has(entry));
  } catch {
    return false;
  }
}

function npm(...args) {
  const { status } = spawnSync("npm", ["--prefix", "docs", ...args], { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!isInstalled()) npm("ci", "--no-audit", "--no-fund");
npm("run", task);
