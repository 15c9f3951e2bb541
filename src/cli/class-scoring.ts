import { Accuracy } from "../metrics/index.js";
import type { Task } from "./task.js";

/** How classification is followed: the accuracy of each validation, and of each training batch. */
export const classScoring: Pick<Task, "metrics" | "watch"> = {
  metrics: () => [new Accuracy()],
  watch: (output, target) => ({ accuracy: output.argmax(1).eq(target).astype("float32").mean() }),
};
