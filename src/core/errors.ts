/** Base class of every error that Gradus throws on purpose. The message says what came, what was expected and how to mend it. */
export class GradusError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Shapes that do not fit the operation. */
export class ShapeError extends GradusError {}
/** An element type that the operation does not take. */
export class DTypeError extends GradusError {}
/** Tensors of different devices in one operation, or a device that does not exist here. */
export class DeviceError extends GradusError {}
/** A GPU that went away with everything on it. `openDevice` gives a new one; training goes on there from its last checkpoint. */
export class DeviceLostError extends DeviceError {}
/** An index or axis out of range, or an index expression that cannot be read. */
export class IndexError extends GradusError {}
/** An option or argument with a value outside its domain. */
export class ArgumentError extends GradusError {}
/** A tensor used after `dispose()` gave its memory back. */
export class DisposedError extends GradusError {}
/** A gradient was asked for that does not exist. */
export class GradientError extends GradusError {}
/** A traced function did something that a compiled program cannot do. */
export class TraceError extends GradusError {}
/** A value that must be finite is not. */
export class NonFiniteError extends GradusError {}
/** A program needs more memory than the device can address. */
export class OutOfMemoryError extends GradusError {}
/** A kernel could not be compiled or loaded. */
export class CompileError extends GradusError {}
/** Data files that are missing or do not hold what they should. */
export class DataError extends GradusError {}
/** Bytes that do not follow their file format. */
export class FormatError extends GradusError {}
