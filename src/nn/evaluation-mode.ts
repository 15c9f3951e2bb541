import type { AnyModule } from "./any-module.js";

/** What `fn` gives while the model is in evaluation mode; then each of its modules has the mode again that it had. */
export async function inEvaluationMode<R>(model: AnyModule, fn: () => Promise<R>): Promise<R> {
  const modes = model.modules().map((module) => [module, module.training] as const);
  model.eval();
  try {
    return await fn();
  } finally {
    // Outer modules come first, so that inner ones have the last word.
    for (const [module, training] of modes) module.train(training);
  }
}
