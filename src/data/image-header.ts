import { FormatError } from "../core/errors.js";

/** What the first bytes of an image file tell. */
export interface ImageHeader {
  readonly format: "png" | "jpeg";
  /** Of the picture as it is to be looked at, that is, after turning it. */
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for colour. */
  readonly channels: 1 | 3;
  /** How the stored picture must be turned, 1 to 8 as in Exif; 1 is not at all. */
  readonly orientation: number;
}

/**
 * Reads the header of a PNG or JPEG file. Throws FormatError for other files and broken headers.
 *
 * Sources: PNG (W3C, third edition) 11.2.1; JPEG (ITU-T T.81) B.2.2; Exif 3.0, 4.6.5 and tag 0x0112.
 */
export function imageHeader(bytes: Uint8Array, source = "image"): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a) return pngHeader(view);
    if (view.getUint16(0) === 0xffd8) return jpegHeader(view);
  } catch (error) {
    // Reading beyond the end.
    if (!(error instanceof RangeError)) throw error;
    throw new FormatError(`${source}: ends within its header.`, { cause: error });
  }
  throw new FormatError(`${source}: neither PNG nor JPEG; convert it to one of them.`);
}

function pngHeader(view: DataView): ImageHeader {
  const colorType = view.getUint8(25);
  const channels = colorType === 0 || colorType === 4 ? 1 : 3;
  return { format: "png", width: view.getUint32(16), height: view.getUint32(20), channels, orientation: 1 };
}

function jpegHeader(view: DataView): ImageHeader {
  let orientation = 1;
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) throw new RangeError("no marker");
    const marker = view.getUint8(at + 1);
    // Fill bytes, and markers that stand alone.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else {
      // A frame: SOF0 to SOF15 less DHT, JPG and DAC.
      if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
        const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
        const turned = orientation >= 5;
        const channels = view.getUint8(at + 9) === 1 ? 1 : 3;
        return { format: "jpeg", width: turned ? height : width, height: turned ? width : height, channels, orientation };
      }
      const length = view.getUint16(at + 2);
      if (marker === 0xe1) orientation = exifOrientation(view, at + 4, at + 2 + length) ?? orientation;
      at += 2 + length;
    }
  }
}

/** The orientation in an Exif segment; undefined where there is none. */
function exifOrientation(view: DataView, from: number, end: number): number | undefined {
  if (end > view.byteLength || end - from < 14 || view.getUint32(from) !== 0x45786966) return undefined;
  const tiff = from + 6;
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > end) return undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > end) return undefined;
    if (view.getUint16(entry, little) !== 0x0112) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}
