import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser } from "playwright-core";

/** Chromium's program: `GRADUS_CHROMIUM`, or the first of chromium, chromium-browser and google-chrome on the path; undefined where there is none. */
export function findChromium(): string | undefined {
  const given = process.env["GRADUS_CHROMIUM"];
  if (given) return given;
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const places = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => folders.map((folder) => join(folder, name)));
  return places.find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts Chromium without a window. WebGPU runs on its software adapter, `performance.memory` is exact, and `gc()` exists in
 * pages. `args` are further flags. Throws where no Chromium is found.
 */
export async function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("no Chromium was found: install Debian's chromium, or name one by GRADUS_CHROMIUM");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--enable-precise-memory-info",
      "--js-flags=--expose-gc",
      ...args,
    ],
  });
}
