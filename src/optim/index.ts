export { Adam, AdamW, type AdamOptions, type AdamSettings, type MomentOptions, type MomentSettings } from "./adam.js";
export { CosineAnnealingLR } from "./cosine-schedules.js";
export { Group, type ParameterState } from "./group.js";
export {
  Optimizer,
  type CommonSettings,
  type GroupState,
  type Optimized,
  type Optional,
  type OptimizerState,
  type ParameterGroup,
} from "./optimizer.js";
export {
  LRScheduler,
  type LearningRateRule,
  type Plain,
  type Scheduled,
  type ScheduledGroup,
  type ScheduleState,
} from "./schedule.js";
export { SGD, type SGDSettings } from "./sgd.js";
export { StepLR } from "./step-schedules.js";
