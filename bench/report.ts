/* Writes docs/performance.md and docs/performance.svg:  npx tsx bench/report.ts NATIVE.json [WASM.json] */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawChart, type Bar } from "./report/chart.js";
import { kernelNames, renderPage, trainingNames } from "./report/page.js";
import type { Report } from "./row.js";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const files = process.argv.slice(2);
if (files.length === 0) throw new Error("name at least one file that `npm run bench -- --json FILE` wrote");
const reports = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as Report);
const rows = reports.flatMap((report) => report.rows);
const devices = [...new Set(rows.map((row) => row.device))];

const bars = [...trainingNames, "resnet20-infer", ...kernelNames].flatMap((name) =>
  devices.flatMap((device, series): Bar[] => {
    const ratio = rows.find((row) => row.case === name && row.device === device && row.peer === "pytorch")?.ratio;
    return typeof ratio === "number" ? [{ label: name, ratio, series }] : [];
  }),
);
writeFileSync(`${docs}performance.svg`, drawChart("Times faster than PyTorch on the same processor", devices, bars));
writeFileSync(`${docs}performance.md`, renderPage(reports, "performance.svg"));
