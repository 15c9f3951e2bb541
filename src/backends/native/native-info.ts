import { findToolchain } from "./toolchain.js";

/** The C compiler that makes native kernels, and what it knows of this processor. */
export interface NativeInfo {
  /** The command, such as "cc". */
  readonly compiler: string;
  /** What the compiler says of itself, such as "gcc 12.2.0". */
  readonly version: string;
  /** Instructions beyond the architecture's basic ones that kernels may use. */
  readonly features: readonly string[];
}

const features = [
  ["__SSE4_2__", "SSE4.2"],
  ["__AVX2__", "AVX2"],
  ["__FMA__", "FMA"],
  ["__F16C__", "F16C"],
  ["__AVX512F__", "AVX-512"],
  ["__AVX512VNNI__", "AVX-512 VNNI"],
  ["__AVX512BF16__", "AVX-512 BF16"],
  ["__AVX512FP16__", "AVX-512 FP16"],
  ["__AMX_TILE__", "AMX"],
  ["__ARM_NEON", "NEON"],
  ["__ARM_FEATURE_DOTPROD", "dot product"],
  ["__ARM_FEATURE_SVE", "SVE"],
] as const;

/** Asks the compiler. Throws DeviceError where there is none. */
export function nativeInfo(): NativeInfo {
  const { command, macros } = findToolchain();
  const clang = macros.has("__clang__");
  const part = (name: string): string => macros.get(name) ?? "?";
  const numbers = clang ? ["__clang_major__", "__clang_minor__", "__clang_patchlevel__"] : ["__GNUC__", "__GNUC_MINOR__", "__GNUC_PATCHLEVEL__"];
  return {
    compiler: command.join(" "),
    version: `${clang ? "clang" : "gcc"} ${numbers.map(part).join(".")}`,
    features: features.filter(([macro]) => macros.has(macro)).map(([, name]) => name),
  };
}
