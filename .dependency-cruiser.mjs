import { builtinModules } from "node:module";

/** Folders of src/ by rank: a folder imports itself or a lower rank, never a neighbour of its own rank. */
const ranks = [
  ["core"],
  ["ir", "files"],
  ["ops"],
  ["autodiff", "compiler"],
  ["runtime"],
  ["backends", "tensor"],
  ["nn", "optim", "data", "io", "metrics"],
  ["train", "models", "explain"],
  ["tabular", "compress", "tune", "deploy", "distributed", "privacy", "fairness", "rl", "studio"],
];

const folders = ranks.flat();
const anyOf = (names) => `(?:${names.join("|")})`;
const inFolders = (names) => `^src/${anyOf(names)}/`;
const test = "\\.test\\.ts$";
const from = (path, ...exceptions) => ({ path, pathNot: [test, ...exceptions] });

const rankRules = ranks.flatMap((neighbours, rank) =>
  neighbours.map((folder) => ({
    name: `rank-${rank}-${folder}`,
    comment: `src/${folder}/ (rank ${rank}) imports itself or a lower rank.`,
    severity: "error",
    from: from(inFolders([folder])),
    to: { path: "^src/", pathNot: inFolders([folder, ...ranks.slice(0, rank).flat()]) },
  })),
);

const engine = ["ir", "compiler", "backends"];
const users = [...ranks.slice(6).flat(), "cli"];

export default {
  forbidden: [
    ...rankRules,
    {
      name: "known-folder",
      comment: "Every folder of src/ has a rank; the files beside them are the entry points.",
      severity: "error",
      from: {},
      to: { path: "^src/", pathNot: [inFolders([...folders, "cli"]), "^src/(?:index|node|browser|data|debug|reference)\\.ts$"] },
    },
    {
      name: "cli-is-last",
      comment: "Nothing imports src/cli/.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/cli/", test] },
      to: { path: "^src/cli/" },
    },
    {
      name: "no-cycle",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "backends-apart",
      comment: "backends/x never imports backends/y.",
      severity: "error",
      from: from("^src/backends/([^/]+)/"),
      to: { path: "^src/backends/[^/]+/", pathNot: "^src/backends/$1/" },
    },
    {
      name: "through-tensor",
      comment: "Rank 6 and above sees tensor/, never the engine below it (deploy/ may use the graph).",
      severity: "error",
      from: from(inFolders(users), "^src/deploy/"),
      to: { path: inFolders(engine) },
    },
    {
      name: "deploy-through-graph",
      severity: "error",
      from: from("^src/deploy/"),
      to: { path: inFolders(engine.filter((folder) => folder !== "ir")) },
    },
    {
      name: "browser-without-node",
      comment: "Nothing reachable from src/browser.ts or src/data.ts is Node-only.",
      severity: "error",
      from: { path: "^src/(?:browser|data)\\.ts$" },
      to: {
        path: [
          "^node:",
          `^${anyOf(builtinModules.map((name) => name.replace("/", "\\/")))}$`,
          "(?:^|/)node_modules/(?:koffi|commander)/",
          "^src/backends/native/",
        ],
        reachable: true,
      },
    },
    {
      name: "runtime-dependency",
      comment: "What is published imports only what is installed with it, and no tests.",
      severity: "error",
      from: from("^src/"),
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "not-from-tests",
      severity: "error",
      from: from("^src/"),
      to: { path: [test, "^test/", "^bench/"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // Type-only imports count: a layer that knows another's types depends on it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["types", "node", "import", "default"] },
  },
};
