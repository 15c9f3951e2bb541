import { spawnSync } from "node:child_process";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("bundles for a browser without a module of Node", async () => {
  const result = await build({ entryPoints: ["src/browser.ts"], bundle: true, minify: true, format: "esm", platform: "browser", write: false, metafile: true, logLevel: "silent" });
  expect(result.errors).toEqual([]);
  const { inputs: modules } = result.metafile;
  const inputs = Object.keys(modules);
  expect(inputs.filter((path) => path.includes("backends/native"))).toEqual([]);
  // What pages load at once needs no package, so that it runs from a file server without a bundler.
  const loaded = new Set(["src/browser.ts"]);
  for (const path of loaded) for (const { path: to, kind } of modules[path]?.imports ?? []) if (kind === "import-statement") loaded.add(to);
  expect([...loaded].filter((path) => path.includes("node_modules"))).toEqual([]);
  expect(loaded.size).toBeGreaterThan(100);
  // Pages on wasm load nothing of GPUs; those on one load all that its device needs at once.
  const kindsOf = (name: string): string[] => Object.values(modules).flatMap(({ imports }) => imports.filter(({ path }) => path === `src/backends/webgpu/${name}.ts`).map(({ kind }) => kind));
  for (const name of ["webgpu-page", "open-webgpu", "adapter-tiles", "measure-tiles"]) expect(loaded).not.toContain(`src/backends/webgpu/${name}.ts`);
  expect(kindsOf("webgpu-page")).toEqual(["dynamic-import"]);
  // The published networks have an entry of their own.
  expect(inputs).not.toContain("src/models/index.ts");
  expect(inputs).not.toContain("src/models/resnet.ts");
});

const programs = {
  little: `
    import { setDefaultDevice, tensor } from "./src/browser.js";
    import "./src/reference.js";
    setDefaultDevice("reference");
    console.log(await tensor([1, 2]).mul(2).array());
  `,
  training: `
    import { compile, DataLoader, generateDigits, imageDataset, nn, optim, setDefaultDevice } from "./src/browser.js";
    import "./src/reference.js";
    setDefaultDevice("reference");
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10));
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const step = compile((x, y) => {
      const loss = nn.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss;
    });
    const losses = [];
    const data = imageDataset(generateDigits({ train: 40, test: 1 }).train, { normalize: { mean: 0.1, std: 0.3 } });
    for await (const [x, y] of new DataLoader(data, { batchSize: 20 })) losses.push(await step(x, y).item());
    console.log(losses.map((loss, i) => (loss > 1 && loss < 5 ? 2 * i + 2 : loss)));
  `,
};

// A bundler that makes one file starts modules that are fetched elsewhere when they are needed; what is imported of the entry must start them.
it.each(Object.entries(programs))("runs from a single file: %s", async (_, contents) => {
  const { outputFiles } = await build({ stdin: { contents, resolveDir: "." }, bundle: true, format: "esm", platform: "browser", write: false, logLevel: "silent" });
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module"], { input: outputFiles[0]?.text ?? "", encoding: "utf8" });
  expect(stdout, stderr).toBe("[ 2, 4 ]\n");
});

it("leaves the reference device to pages that import it", async () => {
  const bundled = async (...entries: string[]): Promise<string> => {
    const contents = `${entries.map((entry) => `import "./src/${entry}.js";`).join("\n")}\nimport { device } from "./src/index.js";\nconsole.log(device);`;
    const { outputFiles } = await build({ stdin: { contents, resolveDir: "." }, bundle: true, format: "esm", platform: "browser", write: false, logLevel: "silent" });
    return outputFiles.map(({ text }) => text).join();
  };
  expect(await bundled("browser")).not.toContain("has no plain meaning");
  expect(await bundled("browser", "reference")).toContain("has no plain meaning");
});
