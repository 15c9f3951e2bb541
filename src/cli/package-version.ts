import { readFileSync } from "node:fs";

/** The version of this package. */
export function packageVersion(): string {
  const content: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof content === "object" && content !== null && "version" in content) return String(content.version);
  return "unknown";
}
