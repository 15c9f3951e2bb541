/* Writes docs/performance.md and docs/performance.svg:  npx tsx bench/report.ts FILE.json...  (several files of a device are put together) */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawChart, type Bar } from "./report/chart.js";
import { kernelNames, renderPage, trainingNames } from "./report/page.js";
import type { Report, Row } from "./row.js";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const files = process.argv.slice(2);
if (files.length === 0) throw new Error("name at least one file that `npm run bench -- --json FILE` wrote");

/** The part of the page that tells of a row: a device, or Chromium, in which there are several. */
const partOf = (row: Row): string => (row.suite.startsWith("browser") ? "chromium" : row.device);

/** What several runs measured for one part: of a row that comes twice the last one counts, and the last run tells of the machine. */
function merged(part: string, runs: readonly Report[]): Report {
  const rows = new Map<string, Row>();
  const own = runs.filter((run) => run.rows.some((row) => partOf(row) === part));
  const last = own.at(-1);
  if (!last) throw new Error(`no run was made on ${part}`);
  for (const row of own.flatMap((run) => run.rows.filter((r) => partOf(r) === part))) rows.set(`${row.suite} ${row.case} ${row.peer ?? ""}`, row);
  return { machine: { ...last.machine, busy: Math.max(...own.map((run) => run.machine.busy)) }, peaks: last.peaks, rows: [...rows.values()] };
}

const runs = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as Report);
const parts = [...new Set(runs.flatMap((run) => run.rows.map(partOf)))];
const reports = parts.map((part) => merged(part, runs));
const rows = reports.flatMap((report) => report.rows);
const devices = parts.filter((part) => rows.some((row) => partOf(row) === part && row.peer === "pytorch"));

const bars = [...trainingNames, "resnet20-infer", ...kernelNames].flatMap((name) =>
  devices.flatMap((device, series): Bar[] => {
    const ratio = rows.find((row) => row.case === name && row.device === device && row.peer === "pytorch")?.ratio;
    return typeof ratio === "number" ? [{ label: name, ratio, series }] : [];
  }),
);
writeFileSync(`${docs}performance.svg`, drawChart("Times faster than PyTorch on the same processor", devices, bars));
writeFileSync(`${docs}performance.md`, renderPage(reports, "performance.svg"));
