import { LatePart } from "../core/late-part.js";

/** The loops of attention and of its gradient. */
export const attentionPart = new LatePart(() => import("./attention-loops.js"));
