/** Types that the toolchain leaves out: the part of WebAssembly in use (otherwise in "lib.dom" alone), and rabin-wasm's entry. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: unknown;
  }
}

declare module "rabin-wasm" {
  export function create(
    bits: number,
    min: number,
    max: number,
    window: number,
  ): Promise<{ asModule: unknown }>;
}
