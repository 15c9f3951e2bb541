import * as c from "./composite/index.js";
import { lifted } from "./lift.js";

/*
 * What layers compute, as functions of tensors and of the layers' parameters.
 */

/** min(max(x, 0), 6). Krizhevsky 2010. */
export const relu6 = lifted("relu6", c.relu6);
/** x limited to [minVal, maxVal], [−1, 1] if not given. Throws ArgumentError. */
export const hardtanh = lifted("hardtanh", c.hardtanh);
/** (x + 3)/6 limited to [0, 1]. Courbariaux et al. 2015. */
export const hardsigmoid = lifted("hardsigmoid", c.hardsigmoid);
/** x · hardsigmoid(x). Howard et al. 2019. */
export const hardswish = lifted("hardswish", c.hardswish);
/** x for x > 0, else alpha · (e^(x/alpha) − 1). Barron 2017. */
export const celu = lifted("celu", c.celu);
/** 1.0507 · elu(x) with alpha 1.6733. Klambauer et al. 2017. */
export const selu = lifted("selu", c.selu);
/** x · tanh(ln(1 + eˣ)). Misra 2019. */
export const mish = lifted("mish", c.mish);
/** x / (1 + |x|). */
export const softsign = lifted("softsign", c.softsign);
/** x for x > 0, else weight · x, weight [1] or one number for each channel (axis 1). He et al. 2015. Throws ShapeError. */
export const prelu = lifted("prelu", c.prelu);
/** a · sigmoid(b), a and b being the halves of x along an axis. Dauphin et al. 2016. Throws ShapeError. */
export const glu = lifted("glu", c.glu);
/** e⁻ˣ / Σ e⁻ˣ along an axis, without overflow. */
export const softmin = lifted("softmin", c.softmin);
/** y_o = x1ᵀ · weight_o · x2 + bias_o: [..., in1], [..., in2], [out, in1, in2], [out] to [..., out]. Throws ShapeError. */
export const bilinear = lifted("bilinear", c.bilinear);
/** Rows of weight [count, features] by ids [...]: [..., features]. Throws ShapeError, DTypeError. */
export const embedding = lifted("embedding", c.embedding);
/** [..., C·r², H, W] to [..., C, H·r, W·r]. Shi et al. 2016. Throws ShapeError, ArgumentError. */
export const pixelShuffle = lifted("pixelShuffle", c.pixelShuffle);
/** [..., C, H·r, W·r] to [..., C·r², H, W]. Throws ShapeError, ArgumentError. */
export const pixelUnshuffle = lifted("pixelUnshuffle", c.pixelUnshuffle);
/** The mean of each of `size` windows that cover [batch, channels, length]. Throws ShapeError, ArgumentError. */
export const adaptiveAvgPool1d = lifted("adaptiveAvgPool1d", c.adaptiveAvgPool1d);
/** The mean of each of `size` windows that cover [batch, channels, height, width]. Throws ShapeError, ArgumentError. */
export const adaptiveAvgPool2d = lifted("adaptiveAvgPool2d", c.adaptiveAvgPool2d);
/** The mean of each of `size` windows that cover [batch, channels, depth, height, width]. Throws ShapeError, ArgumentError. */
export const adaptiveAvgPool3d = lifted("adaptiveAvgPool3d", c.adaptiveAvgPool3d);
/** The largest of each of `size` windows that cover [batch, channels, length]. Throws ShapeError, ArgumentError. */
export const adaptiveMaxPool1d = lifted("adaptiveMaxPool1d", c.adaptiveMaxPool1d);
/** The largest of each of `size` windows that cover [batch, channels, height, width]. Throws ShapeError, ArgumentError. */
export const adaptiveMaxPool2d = lifted("adaptiveMaxPool2d", c.adaptiveMaxPool2d);
/** The largest of each of `size` windows that cover [batch, channels, depth, height, width]. Throws ShapeError, ArgumentError. */
export const adaptiveMaxPool3d = lifted("adaptiveMaxPool3d", c.adaptiveMaxPool3d);
/** x [N, C, …] at another spatial size: nearest, linear, bilinear, trilinear, bicubic, area. Throws ShapeError, ArgumentError. */
export const interpolate = lifted("interpolate", c.interpolate);
