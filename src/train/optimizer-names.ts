/** The optimizers that a recipe or the command line can name. */
export const optimizerNames = ["sgd", "adam", "adamw"] as const;

export type OptimizerName = (typeof optimizerNames)[number];

/** A learning rate that suits each optimizer on small networks, for where nobody has chosen one. */
export const usualLearningRate: Readonly<Record<OptimizerName, number>> = { sgd: 0.05, adam: 1e-3, adamw: 1e-3 };
