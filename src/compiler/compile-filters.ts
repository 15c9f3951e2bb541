export { lowerWinogradGradient } from "./lower-winograd-gradient.js";
export { lowerWinograd } from "./lower-winograd.js";
