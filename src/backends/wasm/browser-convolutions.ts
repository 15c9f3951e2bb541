export { convolutionWays } from "../../compiler/convolution-ways.js";
// It never comes without the device: a bundler that knows so keeps what both use in the device's file, not in more files.
export { startBrowserWasm } from "./wasm-browser.js";
