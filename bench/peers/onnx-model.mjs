// Writes ONNX models: protocol buffers with the fields that inference needs (onnx.proto, IR version 8, operators of set 13).

const number = (value) => {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
};
const integer = (field, value) => Buffer.concat([number(field << 3), number(value)]);
const bytes = (field, value) => Buffer.concat([number((field << 3) | 2), number(value.length), value]);
const text = (field, value) => bytes(field, Buffer.from(value));
const float = (field, value) => {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([number((field << 3) | 5), data]);
};
const message = (field, ...parts) => bytes(field, Buffer.concat(parts));

const float32 = 1;
/** Codes of AttributeProto.AttributeType. */
const kinds = { float: 1, integer: 2, integers: 7 };

function attribute([name, value]) {
  if (Array.isArray(value)) return message(5, text(1, name), ...value.map((v) => integer(8, v)), integer(20, kinds.integers));
  if (Number.isInteger(value)) return message(5, text(1, name), integer(3, value), integer(20, kinds.integer));
  return message(5, text(1, name), float(2, value), integer(20, kinds.float));
}

const valueInfo = (field, name, shape) =>
  message(field, text(1, name), message(2, message(1, integer(1, float32), message(2, ...shape.map((size) => message(1, integer(1, size)))))));

/** A model in the making: inputs and weights have names, each operation gives its output's. */
export class OnnxModel {
  #nodes = [];
  #inputs = [];
  #weights = [];

  input(name, shape) {
    this.#inputs.push(valueInfo(11, name, shape));
    return name;
  }

  weight(name, { shape, data }) {
    const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#weights.push(message(5, ...shape.map((size) => integer(1, size)), integer(2, float32), text(8, name), bytes(9, raw)));
    return name;
  }

  apply(operator, inputs, attributes = {}) {
    const output = `value${this.#nodes.length}`;
    this.#nodes.push(message(1, ...inputs.map((name) => text(1, name)), text(2, output), text(4, operator), ...Object.entries(attributes).map(attribute)));
    return output;
  }

  /** The file's bytes. */
  encode(output, shape) {
    const graph = message(7, ...this.#nodes, text(2, "graph"), ...this.#weights, ...this.#inputs, valueInfo(12, output, shape));
    return Buffer.concat([integer(1, 8), graph, message(8, text(1, ""), integer(2, 13))]);
  }
}
