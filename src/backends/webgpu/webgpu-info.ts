/** What a WebGPU adapter is and can do. */
export interface WebgpuInfo {
  /** What it calls itself. */
  readonly adapter: string;
  /** Whether the processor plays it. */
  readonly isSoftware: boolean;
  /** Of those that make a difference here, which it has. */
  readonly features: readonly string[];
  readonly limits: {
    /** Bytes of the largest tensor. */
    readonly tensorBytes: number;
    /** Different tensors that one kernel is given. */
    readonly buffers: number;
    /** Bytes that the invocations of a group share. */
    readonly sharedBytes: number;
    readonly invocations: number;
  };
  /** Tiles of products whose speed was measured, when the device was first opened. */
  readonly measuredTiles: number;
}

/** The adapter that the "webgpu" device uses in Node. Rejects with DeviceError where there is none. */
export async function webgpuInfo(): Promise<WebgpuInfo> {
  const [{ nodeGpu, tilesFolder }, { describeAdapter, findAdapter, isSoftware }, { wantedFeatures }, { rememberedTiles }] = await Promise.all([import("./webgpu-node.js"), import("./find-adapter.js"), import("./open-webgpu.js"), import("./adapter-tiles.js")]);
  const adapter = await findAdapter(await nodeGpu());
  const { features, limits } = adapter;
  return {
    adapter: describeAdapter(adapter),
    isSoftware: isSoftware(adapter),
    features: wantedFeatures.filter((feature) => features.has(feature)),
    limits: {
      tensorBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
      buffers: limits.maxStorageBuffersPerShaderStage,
      sharedBytes: limits.maxComputeWorkgroupStorageSize,
      invocations: limits.maxComputeInvocationsPerWorkgroup,
    },
    measuredTiles: (await rememberedTiles(adapter, tilesFolder()))?.length ?? 0,
  };
}
