import type { FileProgress } from "../data/file-progress.js";
import { formatBytes, type ProgressLine } from "./progress-line.js";

/** Shows downloads in the terminal's line, or says once of each file that it comes where there is no terminal. */
export function showDownload(line: ProgressLine | undefined, note: (text: string) => void): (progress: FileProgress) => void {
  let said = "";
  return ({ file, received, bytes }) => {
    const size = formatBytes(bytes);
    if (line) line.show(`Downloading ${file}: ${Math.floor((100 * received) / bytes)} % of ${size}`);
    else if (said !== file) note(`Downloading ${file} (${size})`);
    said = file;
  };
}
