/** Points on a side of the answer's picture, and of each neuron's, which has every second of them. */
export const surfaceSize = 80;
export const thumbnailSize = surfaceSize / 2;
