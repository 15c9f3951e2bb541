import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

const namespaces = readdirSync(fileURLToPath(new URL("../api/node/namespaces", import.meta.url))).sort();

export default defineConfig({
  title: "Gradus",
  description: "A deep-learning framework in TypeScript whose compiler writes its own kernels.",
  outDir: "dist",
  cacheDir: "node_modules/.vitepress",
  // Pages that are read in the repository too name files outside of docs/.
  ignoreDeadLinks: [/\/bench\//],
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Guide", link: "/guide/getting-started" },
      { text: "Command line", link: "/guide/command-line" },
      { text: "API", link: "/api/" },
    ],
    sidebar: {
      "/api/": [
        {
          text: "API",
          items: [
            { text: "gradus", link: "/api/node/" },
            ...namespaces.map((name) => ({ text: name, link: `/api/node/namespaces/${name}/` })),
            { text: "gradus/models", link: "/api/models/" },
            { text: "gradus in a browser", link: "/api/browser/" },
          ],
        },
      ],
      "/": [
        { text: "Start", items: [{ text: "Getting started", link: "/guide/getting-started" }] },
        {
          text: "Concepts",
          items: [
            { text: "Tensors and graphs", link: "/guide/tensors" },
            { text: "Gradients and transforms", link: "/guide/gradients" },
            { text: "Compile", link: "/guide/compile" },
            { text: "Modules", link: "/guide/modules" },
            { text: "Training", link: "/guide/training" },
            { text: "Data", link: "/guide/data" },
            { text: "Saving and loading", link: "/guide/saving" },
            { text: "Devices", link: "/guide/devices" },
            { text: "In a browser", link: "/guide/browser" },
          ],
        },
        {
          text: "Command line",
          items: [
            { text: "Commands", link: "/guide/command-line" },
            { text: "Recipes", link: "/guide/recipes" },
          ],
        },
        {
          text: "Behind it",
          items: [
            { text: "Architecture", link: "/architecture" },
            { text: "Performance", link: "/performance" },
          ],
        },
      ],
    },
  },
});
