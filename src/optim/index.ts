export { Adam, AdamW, type AdamOptions, type AdamSettings } from "./adam.js";
export { CosineAnnealingLR } from "./cosine-schedules.js";
export {
  Group,
  Optimizer,
  type Optimized,
  type Optional,
  type OptimizerState,
  type ParameterGroup,
  type ParameterState,
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
