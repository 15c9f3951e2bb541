import { FormatError } from "../core/errors.js";
import { damagedPickle as damaged, PickleGlobal, requireTree, setItem, type PickleValue } from "./pickle-value.js";

export interface UnpickleOptions {
  /** The global of this full name, or undefined to refuse it. */
  readonly findGlobal: (name: string) => PickleGlobal | undefined;
  /** The object of a persistent id. */
  readonly findPersistent: (id: PickleValue) => PickleValue;
}

export interface Unpickled {
  readonly value: PickleValue;
  /** Where the next pickle begins. */
  readonly end: number;
}

/** Long enough for every id and seed; reading digits takes more than linear time. */
const maxIntegerBytes = 256;

const opNames = new Map(
  Object.entries({ 0x64: "DICT (protocol 0)", 0x6c: "LIST (protocol 0)", 0x69: "INST", 0x6f: "OBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x92: "NEWOBJ_EX", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER" }).map(
    ([code, name]): [number, string] => [Number(code), name],
  ),
);

/**
 * Reads one pickle, protocol 2 to 5, building plain containers and nothing that `findGlobal` does not allow; no code of the file
 * is ever run. Time and memory grow linearly with the bytes read. Throws FormatError for damaged files, for every other global
 * (naming it), for containers that hold themselves and for nesting deeper than 200.
 *
 * Source: Python's pickletools.
 */
export function unpickle(bytes: Uint8Array, start: number, options: UnpickleOptions): Unpickled {
  const machine = new Machine(bytes, start, options);
  const value = machine.run();
  requireTree(value);
  return { value, end: machine.at };
}

class Machine {
  at: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly options: UnpickleOptions;
  private stack: PickleValue[] = [];
  /** The stacks below open marks. */
  private readonly below: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, start: number, options: UnpickleOptions) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.options = options;
  }

  run(): PickleValue {
    for (;;) {
      const code = this.uint(1);
      if (code === 0x2e) return this.pop(); // STOP
      this.step(code);
    }
  }

  private step(code: number): void {
    const { stack } = this;
    switch (code) {
      case 0x80: // PROTO
        if (this.uint(1) > 5) throw damaged("a protocol above 5");
        return;
      case 0x95: // FRAME
        this.take(this.uint(8), false);
        return;
      case 0x28: // MARK
        this.below.push(stack);
        this.stack = [];
        return;
      case 0x30: // POP
        if (stack.length > 0) stack.pop();
        else this.popMark();
        return;
      case 0x31: // POP_MARK
        this.popMark();
        return;
      case 0x32: // DUP
        stack.push(this.top());
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(code === 0x88);
        return;
      case 0x4b: // BININT1
        stack.push(this.uint(1));
        return;
      case 0x4d: // BININT2
        stack.push(this.uint(2));
        return;
      case 0x4a: // BININT
        stack.push(this.uint(4) | 0);
        return;
      case 0x8a: // LONG1
        stack.push(this.integer(this.uint(1)));
        return;
      case 0x8b: // LONG4
        stack.push(this.integer(this.uint(4)));
        return;
      case 0x47: // BINFLOAT
        this.take(8);
        stack.push(this.view.getFloat64(this.at - 8, false));
        return;
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.text(this.uint(1)));
        return;
      case 0x54: // BINSTRING
      case 0x58: // BINUNICODE
        stack.push(this.text(this.uint(4)));
        return;
      case 0x8d: // BINUNICODE8
        stack.push(this.text(this.uint(8)));
        return;
      case 0x43: // SHORT_BINBYTES
        stack.push(this.take(this.uint(1)));
        return;
      case 0x42: // BINBYTES
        stack.push(this.take(this.uint(4)));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.take(this.uint(8)));
        return;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        return;
      case 0x74: // TUPLE
        this.push(this.popMark());
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        if (stack.length < code - 0x84) throw damaged("a tuple of more than there is");
        stack.push(stack.splice(-(code - 0x84)));
        return;
      case 0x61: // APPEND
        this.append([this.pop()]);
        return;
      case 0x65: // APPENDS
        this.append(this.popMark());
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return;
      case 0x73: // SETITEM
        this.setItems([this.pop(), this.pop()].reverse());
        return;
      case 0x75: // SETITEMS
        this.setItems(this.popMark());
        return;
      case 0x71: // BINPUT
        this.memo.set(this.uint(1), this.top());
        return;
      case 0x72: // LONG_BINPUT
        this.memo.set(this.uint(4), this.top());
        return;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return;
      case 0x68: // BINGET
        stack.push(this.recall(this.uint(1)));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this.recall(this.uint(4)));
        return;
      case 0x63: // GLOBAL
        stack.push(this.global(this.line(), this.line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [name, module] = [this.pop(), this.pop()];
        if (typeof name !== "string" || typeof module !== "string") throw damaged("a global whose name is no text");
        stack.push(this.global(module, name));
        return;
      }
      case 0x51: // BINPERSID
        stack.push(this.options.findPersistent(this.pop()));
        return;
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [args, callee] = [this.pop(), this.pop()];
        if (!(callee instanceof PickleGlobal) || !callee.call) {
          const what = callee instanceof PickleGlobal ? callee.name : `a ${typeof callee}`;
          throw new FormatError(`pickle: the file calls ${what}, which is not called to build tensors and plain containers; it is refused.`);
        }
        if (!Array.isArray(args)) throw damaged(`${callee.name} is called without a tuple`);
        stack.push(callee.call(args));
        return;
      }
      case 0x62: // BUILD
        // The attributes of a dictionary (PyTorch's `_metadata`) are no part of its items; nothing else may have any.
        this.pop();
        if (!(this.top() instanceof Map)) throw new FormatError("pickle: the file sets attributes of an object that is no dictionary; it is refused.");
        return;
      default: {
        const name = opNames.get(code) ?? `0x${code.toString(16)}`;
        throw new FormatError(`pickle: opcode ${name} at byte ${this.at - 1} is not used by what saves tensors; the file is damaged or refused.`);
      }
    }
  }

  private push(value: PickleValue): void {
    this.stack.push(value);
  }

  private pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw damaged("an empty stack is read");
    return value;
  }

  private top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw damaged("an empty stack is read");
    return value;
  }

  /** What lies above the last mark, which is taken away. */
  private popMark(): PickleValue[] {
    const items = this.stack;
    const below = this.below.pop();
    if (!below) throw damaged("a mark is missing");
    this.stack = below;
    return items;
  }

  private append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw damaged("items are appended to what is no list");
    for (const item of items) list.push(item);
  }

  private setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw damaged("items are set in what is no dictionary");
    if (items.length % 2 !== 0) throw damaged("a key has no value");
    for (let i = 0; i < items.length; i += 2) setItem(dict, items[i] ?? null, items[i + 1] ?? null);
  }

  private recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) throw damaged(`memo ${index} is read before it is written`);
    return value;
  }

  private global(module: string, name: string): PickleGlobal {
    const found = this.options.findGlobal(`${module}.${name}`);
    if (found) return found;
    throw new FormatError(
      `pickle: the file asks for the global ${module.slice(0, 100)}.${name.slice(0, 100)}; only tensors and plain containers are read. ` +
        "Save the state alone: torch.save(model.state_dict(), path).",
    );
  }

  /** A little-endian whole number. */
  private uint(size: 1 | 2 | 4 | 8): number {
    this.take(size);
    const at = this.at - size;
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at, true);
    const low = this.view.getUint32(at, true);
    return size === 4 ? low : low + this.view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** A signed little-endian integer of any length: a number where that is exact. */
  private integer(size: number): number | bigint {
    if (size > maxIntegerBytes) throw damaged(`an integer of ${size} bytes`);
    let value = 0n;
    for (const byte of this.take(size).slice().reverse()) value = value * 256n + BigInt(byte);
    const signed = BigInt.asIntN(8 * size, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  /** The next bytes; only looked at, they are not passed. */
  private take(size: number, pass = true): Uint8Array {
    const end = this.at + size;
    if (end > this.bytes.length) throw damaged(`${size} bytes are announced at byte ${this.at}, ${this.bytes.length - this.at} are there`);
    const taken = this.bytes.subarray(this.at, end);
    if (pass) this.at = end;
    return taken;
  }

  private text(size: number): string {
    return new TextDecoder().decode(this.take(size));
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > 1000) throw damaged("a name without an end");
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }
}
