import { describe, expect, it } from "vitest";
import { ReferenceBackend } from "../backends/reference/reference-backend.js";
import { CompileError, DeviceError } from "../core/errors.js";
import { LatePart } from "../core/late-part.js";
import { applyOne, input, type Graph, type Op, type Storage } from "../ir/graph.js";
import * as ops from "../ops/index.js";
import { compile, nn, setDefaultDevice, tensor, type Tensor } from "../index.js";
import type { Backend, Executable } from "./backend.js";
import { DeferredBackend } from "./deferred-backend.js";

const float2 = { shape: [2], dtype: "float32" } as const;
const floats = (...numbers: number[]): Uint8Array => new Uint8Array(new Float32Array(numbers).buffer);
const numbers = (bytes: Uint8Array): number[] => [...new Float32Array(bytes.buffer)];

/** A device that arrives when it is told to. */
function deferred(): { device: DeferredBackend; arrive: (backend: Backend) => void; fail: (error: Error) => void } {
  let arrive: (backend: Backend) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const coming = new Promise<Backend>((resolve, reject) => ([arrive, fail] = [resolve, reject]));
  return { device: new DeferredBackend({ name: "late", threads: 3, supports: (dtype) => dtype !== "float64" }, () => coming), arrive, fail };
}

function doubling(): Graph {
  const x = input(float2);
  return { inputs: [x], outputs: [ops.add(x, x)] };
}

function run(device: Backend, executable: Executable, ...inputs: Storage[]): Storage {
  const output = device.allocate(8);
  device.submit(executable, inputs, [output]);
  return output;
}

describe("a device that is not there yet", () => {
  it("takes all calls at once and makes them in their order", async () => {
    const { device, arrive } = deferred();
    const bytes = floats(1, 2);
    const executable = device.load(doubling());
    const x = device.upload(bytes);
    bytes.fill(0);
    const twice = run(device, executable, x);
    const read = device.read(run(device, executable, twice));
    device.release(twice);
    expect([executable.inPlace, device.threads, device.supports("float64")]).toEqual([[], 3, false]);
    arrive(new ReferenceBackend());
    expect(numbers(await read)).toEqual([4, 8]);
    expect([executable.inPlace, device.threads, device.supports("float64")]).toEqual([[-1], 1, true]);
    await expect(device.read(twice)).rejects.toThrow("given back");
    expect(numbers(device.readSync(run(device, executable, x)))).toEqual([2, 4]);
  });

  it("cannot be waited for, and holds no more runs than a device that is there", async () => {
    const { device, arrive } = deferred();
    const executable = device.load(doubling());
    const x = device.upload(floats(1, 2));
    expect(() => device.readSync(x)).toThrow(DeviceError);
    for (let i = 0; i < 16; i++) run(device, executable, x);
    expect(() => run(device, executable, x)).toThrow("16 runs wait");
    arrive(new ReferenceBackend());
    await device.idle();
    expect(numbers(await device.read(run(device, executable, x)))).toEqual([2, 4]);
  });

  it("tells the reads that depend on it, and idle once, what a waiting call threw", async () => {
    class Refusing extends ReferenceBackend {
      override load(graph: Graph): Executable {
        if (graph.inputs.length > 1) throw new CompileError("two inputs");
        return super.load(graph);
      }
    }
    const { device, arrive } = deferred();
    const [a, b] = [input(float2), input(float2)];
    const [x, good, bad] = [device.upload(floats(1, 2)), device.load(doubling()), device.load({ inputs: [a, b], outputs: [ops.mul(a, b)] })];
    const failed = run(device, bad, x, x);
    const [well, badly] = [device.read(run(device, good, x)), device.read(run(device, good, failed))];
    arrive(new Refusing());
    expect(numbers(await well)).toEqual([2, 4]);
    await expect(badly).rejects.toThrow("two inputs");
    await expect(device.idle()).rejects.toThrow(CompileError);
    await device.idle();
  });

  it("says at every use why the device did not come", async () => {
    const { device, fail } = deferred();
    const executable = device.load(doubling());
    const x = device.upload(floats(1, 2));
    const before = device.read(x);
    expect(device.isLost).toBe(false);
    fail(new DeviceError("no such hardware"));
    await expect(before).rejects.toThrow("no such hardware");
    expect(device.isLost).toBe(true);
    const calls = [() => device.upload(floats(1, 2)), () => device.load(doubling()), () => device.submit(executable, [x], [x]), () => device.readSync(x), () => device.profile(undefined)];
    for (const call of calls) expect(call).toThrow("no such hardware");
    await expect(device.read(x)).rejects.toThrow("no such hardware");
    await expect(device.idle()).rejects.toThrow("no such hardware");
    device.release(x);
    await device.close();
  });

  it("refuses memory of another device", () => {
    expect(() => deferred().device.release(new ReferenceBackend().allocate(8))).toThrow(".to(\"late\")");
  });

  it("waits for a part of the compiler that a program needs, and says why it cannot be had", async () => {
    const { device, arrive } = deferred();
    arrive(new ReferenceBackend());
    await device.idle();
    const x = device.upload(floats(1, 2));
    const sorting = (part: LatePart<() => void>): Executable => {
      const leaf = input(float2);
      const op: Op = { name: "twice", infer: ([type]) => (type ? [type] : []), lower: { kind: "loops", part, build: () => ({ items: 0, body: () => [] }) } };
      return device.load({ inputs: [leaf], outputs: [applyOne(op, [leaf], {})] });
    };
    let bring: (part: () => void) => void = () => undefined;
    const part = new LatePart(() => new Promise<() => void>((resolve) => (bring = resolve)));
    sorting(part);
    const before = device.load(doubling());
    expect(() => device.readSync(x)).toThrow("being fetched");
    expect(() => part.value).toThrow(TypeError);
    const read = device.read(run(device, before, x));
    bring(() => undefined);
    expect(numbers(await read)).toEqual([2, 4]);
    expect([part.isThere, numbers(device.readSync(x))]).toEqual([true, [1, 2]]);
    const absent = new LatePart<() => void>(() => Promise.reject(new DeviceError("no such file")));
    sorting(absent);
    expect(numbers(await device.read(x))).toEqual([1, 2]);
    expect(() => absent.value).toThrow("no such file");
    expect(device.isLost).toBe(false);
  });

  it("trains: a compiled step that was called before it came, and after", async () => {
    const losses = async (device: Backend, meanwhile: () => void): Promise<number[]> => {
      setDefaultDevice(device);
      const layer = new nn.Linear(2, 1, { bias: false });
      layer.weight.assign(tensor([[0.5, -1]]));
      const step = compile((x: Tensor) => {
        const loss = layer.forward(x).square().mean();
        loss.backward();
        layer.weight.assign(layer.weight.sub(layer.weight.grad?.mul(0.1) ?? 0).detach());
        layer.zeroGrad();
        return loss;
      });
      const x = tensor([[1, 2], [3, 4]]);
      const first = [step(x), step(x)];
      expect(first.map(String)[0]).toContain("float32");
      meanwhile();
      const read = [...(await Promise.all(first.map((loss) => loss.item())))];
      return [...read, await step(x).item()];
    };
    const { device, arrive } = deferred();
    const late = await losses(device, () => arrive(new ReferenceBackend()));
    expect(late).toEqual(await losses(new ReferenceBackend(), () => undefined));
    setDefaultDevice("auto");
  });
});
