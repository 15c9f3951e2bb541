export { Adadelta, type AdadeltaSettings } from "./adadelta.js";
export { Adagrad, type AdagradSettings } from "./adagrad.js";
export { Adam, AdamW, type AdamOptions, type AdamSettings, type MomentOptions, type MomentSettings } from "./adam.js";
export { Adamax } from "./adamax.js";
export { AveragedModel, emaOf, type Averageable, type AveragedModelOptions } from "./averaged-model.js";
export { clipGradNorm, clipGradValue, gradNorm, type ClipNormOptions } from "./clip.js";
export { ChainedScheduler, SequentialLR } from "./combined-schedules.js";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine-schedules.js";
export { CyclicLR, OneCycleLR, type CyclicOptions, type OneCycleOptions } from "./cycle-schedules.js";
export { EMA } from "./ema.js";
export { Group, type ParameterState } from "./group.js";
export { LBFGS, type LBFGSOptions, type LBFGSState } from "./lbfgs.js";
export { Lion, type LionSettings } from "./lion.js";
export { NAdam, type NAdamSettings } from "./nadam.js";
export {
  Optimizer,
  type CommonSettings,
  type GroupState,
  type Optimized,
  type Optional,
  type OptimizerState,
  type ParameterGroup,
} from "./optimizer.js";
export { l1Penalty, l2Penalty } from "./penalties.js";
export { RAdam } from "./radam.js";
export { ReduceLROnPlateau, type PlateauOptions } from "./reduce-on-plateau.js";
export { RMSprop, type RMSpropSettings } from "./rmsprop.js";
export {
  LRScheduler,
  type LearningRateRule,
  type MomentumRule,
  type Plain,
  type Scheduled,
  type ScheduledGroup,
  type ScheduleState,
} from "./schedule.js";
export { SGD, type SGDSettings } from "./sgd.js";
export {
  ConstantLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
  type Factor,
} from "./step-schedules.js";
