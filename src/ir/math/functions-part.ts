import { LatePart } from "../../core/late-part.js";

/** The expansions of functions that few programs use: they are given the arithmetic that they need, and load none. */
export const functionsPart = new LatePart(() => import("./late-functions.js"));
