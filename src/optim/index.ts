export { Adam, AdamW, type AdamOptions, type AdamSettings } from "./adam.js";
export {
  Group,
  Optimizer,
  type Optimized,
  type Optional,
  type OptimizerState,
  type ParameterGroup,
  type ParameterState,
} from "./optimizer.js";
export { SGD, type SGDSettings } from "./sgd.js";
