import type { Report, Row } from "../row.js";

/** Cases that stand for what the library is used for; the others are their sweep over sizes. */
export const kernelNames: readonly string[] = [
  "matmul-1024",
  "conv3x3-64",
  "conv3x3-64-dinput",
  "conv3x3-64-dweight",
  "softmax-4096x1024",
  "layernorm-4096x1024",
  "gelu-4096x1024",
  "adam-10m",
];
export const trainingNames: readonly string[] = ["mlp-adam", "lenet5-sgd", "resnet20-sgd", "lstm256-adam", "nanogpt-adamw", "gpt6x384-adamw"];

const missing = "";

function number(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || Number.isNaN(value)) return missing;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(digits) : value.toPrecision(digits);
}

function rate({ gflops, gbs }: Row): string {
  if (gflops !== null) return `${number(gflops)} GFLOP/s`;
  return gbs === null ? missing : `${number(gbs)} GB/s`;
}

const percent = (share: number | null): string => (share === null ? missing : `${(100 * share).toFixed(0)} %`);

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function timesTable(rows: readonly Row[]): string {
  return table(
    ["case", "ours, ms", "±", "peer", "peer, ms", "ratio", "achieved", "of peak"],
    rows.map((row) => [
      row.case,
      number(row.oursMs, 3),
      row.spread === null ? missing : percent(row.spread / 2),
      row.peer ?? missing,
      row.peerMs === null ? (row.note ?? missing) : number(row.peerMs, 3),
      number(row.ratio),
      rate(row),
      percent(row.peakShare),
    ]),
  );
}

function limitsTable(rows: readonly Row[]): string {
  return table(
    ["case", "measured", "limit"],
    rows.map(({ case: name, oursMs, value, unit, limit, note, peer }) => {
      const isCount = value !== undefined;
      const measured = isCount ? `${number(value)} ${unit ?? ""}` : oursMs === null ? (note ?? missing) : `${number(oursMs, 3)} ms`;
      const most = limit === undefined ? missing : `${String(limit)} ${isCount ? (unit ?? "") : "ms"}${peer ? ` (${peer})` : ""}`;
      return [name, measured, most];
    }),
  );
}

/** The geometric mean of the ratios of the training steps; undefined unless all are there. */
export function trainingMean(rows: readonly Row[], peer: string): number | undefined {
  const ratios = trainingNames.map((name) => rows.find((row) => row.case === name && row.peer === peer)?.ratio);
  if (!ratios.every((ratio) => typeof ratio === "number")) return undefined;
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

function devicePart({ machine, peaks, rows }: Report): string[] {
  const [first] = rows;
  const threads = first?.threads ?? 0;
  const parts = [
    `## ${first?.suite === "browser" ? "In Chromium" : (first?.device ?? missing)}`,
    `${machine.cpu}, ${threads} threads, Node ${machine.node}, ${machine.date}. Peaks in the same run: ${number(peaks.float32Gflops)} GFLOP/s of float32 ` +
      `multiply-adds in C, ${number(peaks.wasmGflops)} in WebAssembly, ${number(peaks.copyGBs)} GB/s of copying.` +
      (machine.busy > 0.05 ? ` Others kept ${percent(machine.busy)} of the machine busy: the times are too long and uneven.` : ""),
  ];
  const section = (title: string, chosen: readonly Row[], body: (rows: readonly Row[]) => string): void => {
    if (chosen.length > 0) parts.push(`### ${title}`, body(chosen));
  };
  section("Training and inference", rows.filter((row) => row.suite === "steps"), timesTable);
  const mean = trainingMean(rows, "pytorch");
  if (mean !== undefined) parts.push(`Geometric mean of the six training steps against PyTorch: **${number(mean)}**.`);
  const kernels = rows.filter((row) => row.suite === "kernels");
  section("Kernels", kernels.filter((row) => kernelNames.includes(row.case)), timesTable);
  section("Kernels of other sizes", kernels.filter((row) => !kernelNames.includes(row.case)), timesTable);
  section("Before the work", rows.filter((row) => row.suite === "compile"), limitsTable);
  section("Size", rows.filter((row) => row.suite === "size"), limitsTable);
  section("Training in a page", rows.filter((row) => row.suite === "browser"), timesTable);
  section("Handed to the GPU", rows.filter((row) => row.suite === "browser-counts"), limitsTable);
  section("Not measured", rows.filter((row) => row.suite === "peers"), (list) => list.map((row) => `- ${row.peer ?? ""}: ${row.note ?? ""}`).join("\n"));
  return parts;
}

/** The page about what was measured, a report for each device. */
export function renderPage(reports: readonly Report[], chart: string): string {
  return [
    "# Performance",
    "How fast Gradus is beside other frameworks on the same machine, in the same run. `ratio` is the peer's time over ours: above 1 we are faster. " +
      "`±` is half of what lies between the slowest and the fastest round, as a share of the median. What was measured and how is described in " +
      "[bench/README.md](../bench/README.md); this page is written by `bench/report.ts` from what `npm run bench -- --json FILE` measured.",
    `![Ratios to PyTorch](${chart})`,
    ...reports.flatMap(devicePart),
    "",
  ].join("\n\n").trimEnd() + "\n";
}
