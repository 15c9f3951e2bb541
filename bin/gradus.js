#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(entry)) {
  const { main } = await import(entry.href);
  const exitCode = await main(process.argv.slice(2));
  if (typeof exitCode === "number") process.exitCode = exitCode;
} else {
  console.error("gradus: dist/ is missing; build it with `npm run build` in the package's folder.");
  process.exitCode = 1;
}
