// Data sets and files that hold data, for Node and browsers: what reads, not what trains.
export { catalog, type Archive, type DataFile, type DatasetEntry, type DatasetName } from "./data/catalog.js";
export { parseCsv, type CsvOptions } from "./data/csv.js";
export { decodeImage, type DecodedImage, type DecodeImageOptions } from "./data/decode-image.js";
export { fitImage, type FittedImage, type ImageFit, type ImageInput } from "./data/fit-image.js";
export { parseIdx, type IdxArray } from "./data/idx.js";
export { imageHeader, type ImageHeader } from "./data/image-header.js";
export { type ImageSet, type ImageShape, type ImageSplits } from "./data/image-set.js";
export { type PixelImage } from "./data/ink.js";
export {
  readDataset,
  type DatasetOf,
  type ImageDataset,
  type TableDataset,
  type TextDataset,
} from "./data/read-dataset.js";
export { readCifarRecords, readIdxImages, type ImageFormat, type NamedBytes } from "./data/read-images.js";
export { type TableSplits } from "./data/read-table.js";
export { resizeImage, withChannels } from "./data/resize-image.js";
export { StrokeCanvas } from "./data/stroke-canvas.js";
export {
  columnOf,
  dropColumns,
  missingCount,
  selectColumns,
  tableOf,
  takeRows,
  type CategoricalColumn,
  type Column,
  type NumericColumn,
  type Table,
} from "./data/table.js";
export { isZip, readZip, writeZip, type UnpackOptions, type ZipEntry } from "./io/zip.js";
