import { describe, expect, expectTypeOf, it } from "vitest";
import { expectClose, useReference } from "../../test/values.js";
import { ArgumentError, compile, IndexError, Parameter, tensor, type Tensor } from "../tensor/index.js";
import { Linear, Module, ModuleDict, ModuleList, ParameterDict, ParameterList, ReLU, Sequential, Tanh } from "./index.js";

useReference();

/** y = factor · x. */
class Scale extends Module<Tensor, Tensor> {
  readonly factor: number;
  constructor(factor: number) {
    super();
    this.factor = factor;
  }
  forward(x: Tensor): Tensor {
    return x.mul(this.factor);
  }
}

const namesOf = (module: Module<never, never> | Sequential): string[] => module.namedChildren().map(([name]) => name);

describe("Sequential", () => {
  it("takes modules in and gives them back, numbering anew", async () => {
    const [a, b, c] = [new Scale(2), new Tanh(), new Scale(3)];
    const net = new Sequential(a).append(c).insert(1, b);
    expect([...net]).toEqual([a, b, c]);
    expect(namesOf(net)).toEqual(["0", "1", "2"]);
    expect(net.pop(1)).toBe(b);
    expect(namesOf(net)).toEqual(["0", "1"]);
    await expectClose(net.forward(tensor([1])), [6]);
    net.extend([b, new ReLU()]).extend(new Sequential(new Scale(1)));
    expect(net.length).toBe(5);
    expect([...net.slice(1, -1)]).toEqual([c, b, net.at(3)]);
    expect(namesOf(net.slice(2))).toEqual(["0", "1", "2"]);
    expect(net.set(-1, a).at(4)).toBe(a);
    expect([...net.insert(-1, c)].slice(4)).toEqual([c, a]);
    expect(() => net.at(6)).toThrow(IndexError);
    expect(() => net.insert(8, a)).toThrow(IndexError);
    expect(() => new Sequential().pop()).toThrow(IndexError);
  });

  it("keeps names, and wants one for what joins named modules", () => {
    const net = new Sequential({ conv: new Scale(1), act: new ReLU() }).append({ fc: new Linear(1, 1) });
    expect(namesOf(net.insert(1, { norm: new Scale(2) }))).toEqual(["conv", "norm", "act", "fc"]);
    expect(namesOf(net.slice(1, 3))).toEqual(["norm", "act"]);
    expect(namesOf(new Sequential({ 2: new ReLU(), 5: new Scale(1) }))).toEqual(["2", "5"]);
    expect(() => net.append(new ReLU())).toThrow(ArgumentError);
    expect(() => net.append({ act: new ReLU() })).toThrow(ArgumentError);
    expect(() => net.append({ forward: new ReLU() })).toThrow(ArgumentError);
    expect(namesOf(net)).toHaveLength(4);
  });

  it("is traced again by compiled functions when it changes", async () => {
    const net = new Sequential(new Scale(2));
    const run = compile((x: Tensor) => net.forward(x));
    await expectClose(run(tensor([1])), [2]);
    net.append(new Scale(5));
    await expectClose(run(tensor([1])), [10]);
    net.set(0, new Scale(3));
    await expectClose(run(tensor([1])), [15]);
    net.pop();
    await expectClose(run(tensor([1])), [3]);
  });
});

it("ModuleList takes modules in, gives them back and slices", () => {
  const layers = [1, 2, 3, 4].map((n) => new Scale(n));
  const list = new ModuleList(layers.slice(0, 2)).extend(layers.slice(3)).insert(2, layers[2] ?? new Scale(0));
  expect([...list].map(({ factor }) => factor)).toEqual([1, 2, 3, 4]);
  expect([...list.slice(-2)].map(({ factor }) => factor)).toEqual([3, 4]);
  expect(list.pop(0)).toBe(layers[0]);
  expect(list.set(0, new Scale(9)).at(0).factor).toBe(9);
  expect(namesOf(list)).toEqual(["0", "1", "2"]);
  expectTypeOf(list.slice(1).at(0)).toEqualTypeOf<Scale>();
});

it("ModuleDict holds modules by name", async () => {
  const dict = new ModuleDict({ relu: new ReLU(), twice: new Scale(2) }).update({ fcOut: new Linear(1, 1), relu: new Tanh() });
  expect(dict.keys()).toEqual(["relu", "twice", "fcOut"]);
  expect(Object.keys(dict.stateDict())).toEqual(["fcOut.weight", "fcOut.bias"]);
  expect(dict.get("relu")).toBeInstanceOf(Tanh);
  expect([dict.has("x"), dict.has("get"), dict.size]).toEqual([false, false, 3]);
  expect([...dict].map(([name]) => name)).toEqual(["relu", "twice", "fcOut"]);
  expect(() => dict.get("x")).toThrow('the names are relu, twice, fcOut');
  expect(() => dict.set("keys", new ReLU())).toThrow(ArgumentError);
  const run = compile((x: Tensor) => dict.get("twice").forward(x));
  await expectClose(run(tensor([1])), [2]);
  dict.set("twice", new Scale(4));
  await expectClose(run(tensor([1])), [4]);
  expect(dict.delete("twice")).toBeInstanceOf(Scale);
  expect(dict.has("twice")).toBe(false);
});

it("ParameterList and ParameterDict are part of the state", () => {
  class Net extends Module<Tensor, Tensor> {
    list = new ParameterList([new Parameter(tensor([1]))]).append(new Parameter(tensor([2])));
    byName = new ParameterDict({ left: new Parameter(tensor([3])) });
    forward(x: Tensor): Tensor {
      return [...this.list].reduce((y, p) => y.mul(p), x).mul(this.byName.get("left"));
    }
  }
  const net = new Net();
  expect(Object.keys(net.stateDict())).toEqual(["list.0", "list.1", "by_name.left"]);
  expect(net.list.at(-1)).toBe([...net.list][1]);
  expect(() => net.byName.get("keys")).toThrow(IndexError);
  expect(() => net.byName.set("keys", new Parameter(tensor([1])))).toThrow(ArgumentError);
  expect(() => net.list.at(2)).toThrow(IndexError);
});
