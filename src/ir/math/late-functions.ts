export { erfExpr } from "./error-function.js";
export { integerPowExpr, modExpr, powExpr } from "./power.js";
export { atan2Expr, atanExpr, cosExpr, sinExpr } from "./trigonometric.js";
