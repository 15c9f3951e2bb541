import type { ConvolutionWays } from "./convolution-part.js";
import { lowerPositions } from "./lower-positions.js";
import { lowerWinograd } from "./lower-winograd.js";
import { lowerWinogradGradient } from "./lower-winograd-gradient.js";

/** 3×3 filters by fewer multiplications, and vectors along positions where channels do not fill them. */
export const convolutionWays: ConvolutionWays["convolutionWays"] = [lowerWinograd, lowerWinogradGradient, lowerPositions];
