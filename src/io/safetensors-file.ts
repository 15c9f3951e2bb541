import { ArgumentError } from "../core/errors.js";
import { files, type OpenFile } from "../files/files.js";
import type { FileArray } from "./file-array.js";
import { safetensorsDTypes } from "./safetensors-arrays.js";
import { decodeSafetensorsHeader, safetensorsHeaderEnd, safetensorsLengthBytes, type SafetensorsPlace } from "./safetensors.js";

/** A stored safetensors file: the header is read when it is opened, each tensor when it is asked for. Close it after use. */
export class SafetensorsFile {
  readonly metadata: ReadonlyMap<string, string>;
  /** Element type, shape and place of each tensor. */
  readonly places: ReadonlyMap<string, SafetensorsPlace>;
  private readonly reader: OpenFile;
  private readonly dataStart: number;

  private constructor(reader: OpenFile, dataStart: number, places: ReadonlyMap<string, SafetensorsPlace>, metadata: ReadonlyMap<string, string>) {
    this.reader = reader;
    this.dataStart = dataStart;
    this.places = places;
    this.metadata = metadata;
  }

  /** Throws DataError where the file cannot be read, FormatError as `decodeSafetensors`. */
  static async open(path: string): Promise<SafetensorsFile> {
    const reader = await (await files()).open(path);
    try {
      const dataStart = safetensorsHeaderEnd(await reader.read(0, safetensorsLengthBytes), reader.size);
      const { places, metadata } = decodeSafetensorsHeader(await reader.read(0, dataStart), reader.size - dataStart);
      return new SafetensorsFile(reader, dataStart, places, metadata);
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  /** One tensor's elements. Throws ArgumentError for a name that is not in the file. */
  async read(name: string): Promise<FileArray> {
    const place = this.places.get(name);
    if (!place) throw new ArgumentError(`[SafetensorsFile] ${this.reader.path} has no tensor "${name}"; it has ${[...this.places.keys()].slice(0, 20).join(", ")}`);
    const { dtype, shape, start, end } = place;
    return { dtype: safetensorsDTypes[dtype], shape, data: await this.reader.read(this.dataStart + start, this.dataStart + end) };
  }

  /** Closes the file. Tensors that were read stay. */
  async close(): Promise<void> {
    await this.reader.close();
  }
}
