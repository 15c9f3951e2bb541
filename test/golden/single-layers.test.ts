import { layerTests } from "./layer-test.js";

layerTests("linear-layers");
layerTests("convolution-layers");
layerTests("pooling-layers");
layerTests("padding-layers");
layerTests("resizing-layers");
layerTests("dropout-layers");
layerTests("normalization-layers");
layerTests("activation-layers");
