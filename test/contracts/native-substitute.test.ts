import { expect, it, vi } from "vitest";
import type { Executable } from "../../src/runtime/backend.js";
import { NativeBackend } from "../../src/backends/native/native-backend.js";
import { isNativeAvailable } from "../../src/backends/native/native-host.js";
import { createNodeWasm } from "../../src/backends/wasm/wasm-node.js";
import { CompileError } from "../../src/core/errors.js";
import { input } from "../../src/ir/graph.js";
import { mul } from "../../src/ops/index.js";

class RefusedByTheCompiler extends NativeBackend {
  override loadProgram(): Executable {
    throw new CompileError("kernel_1 does not compile: its source is kernel_1.c");
  }
}

it.runIf(isNativeAvailable())("runs a program that the C compiler refuses on the substitute, and says where the source lies", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const device = new RefusedByTheCompiler({ threads: 1, substitute: () => createNodeWasm({ threads: 1 }) });
  const x = input({ shape: [3], dtype: "float32" });
  const executable = device.load({ inputs: [x], outputs: [mul(x, x)] });
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("kernel_1.c"));
  const from = device.upload(new Uint8Array(Float32Array.of(1, -2, 3).buffer));
  const to = device.allocate(12);
  device.submit(executable, [from], [to]);
  expect(new Float32Array((await device.read(to)).slice().buffer)).toEqual(Float32Array.of(1, 4, 9));
  await device.close();
  warn.mockRestore();
});

it.runIf(isNativeAvailable())("throws the compiler's error where nothing can stand in", async () => {
  const device = new RefusedByTheCompiler({ threads: 1 });
  const x = input({ shape: [3], dtype: "float32" });
  expect(() => device.load({ inputs: [x], outputs: [mul(x, x)] })).toThrow(CompileError);
  await device.close();
});
