import { defineConfig } from "vite";

// Under these headers a page may share memory, and WebAssembly computes on all cores. Without them it uses one.
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({ build: { target: "es2022", modulePreload: false }, server: { headers }, preview: { headers } });
