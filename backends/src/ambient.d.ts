/** The part of WebAssembly in use, which the toolchain's types have in "lib.dom" alone. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
  }
}
