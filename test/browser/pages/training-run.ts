import "../../../src/browser.js";

export * from "../training-run.js";
