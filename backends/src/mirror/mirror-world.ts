/** A mirror of simulated directories whose members go away, come back, lose everything and are killed: for tests. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../backend-context.ts";
import { backendOptions } from "../backend-options.ts";
import { createMemoryIndex, type MemoryIndex } from "../memory-index.ts";
import { openBackend } from "../open-backend.ts";
import { type Faults, faultyBackend, outage } from "../suite/faulty-backend.ts";
import { createSimulatedFileSystem, type SimulatedFileSystem } from "../suite/simulated-file-system.ts";
import { SIMULATED_DIRECTORY, SIMULATED_STORE_ID } from "../suite/simulated-store.ts";
import { openMirror } from "./open-mirror.ts";

export interface MirrorWorld {
  /** By member, from 0: whether it cannot be reached. */
  readonly down: boolean[];
  readonly warnings: string[];
  /** More faults than `down`. */
  faults: ((member: number, ...call: Parameters<Faults["fault"]>) => Error | null) | null;
  readonly disk: SimulatedFileSystem;
  /** The directory of a member. */
  directory(member: number): string;
  open(options?: { required?: number }): Promise<Backend>;
  /** A member by itself, as a backend without a mirror. */
  openAlone(member: number): Promise<Backend>;
  /** The machine loses power: what was synced is left. The mirror that was open is not to be used any more. */
  crash(): void;
  /** Removes the packs of a member. */
  empty(member: number): void;
}

const CONTEXT: Pick<BackendContext, "storeId" | "directory"> = {
  storeId: SIMULATED_STORE_ID,
  directory: SIMULATED_DIRECTORY,
};

/** Members in the directories `m0`, `m1`, ..., none of them there yet. */
export function mirrorWorld(members: number, hash: HashAlgorithm = "sha256"): MirrorWorld {
  let disk = createSimulatedFileSystem();
  let indexes = new Map<string, MemoryIndex>();
  const down = Array.from({ length: members }, () => false);
  const configs = down.map((_, at) => ({ blobsfile: { path: `m${at}`, maxPackBytes: 4096 } }));
  const warnings: string[] = [];
  const indexIn = (map: Map<string, MemoryIndex>) => (path: string) => {
    const index = map.get(path) ?? createMemoryIndex();
    map.set(path, index);
    return index;
  };
  const warn = (message: string): void => void warnings.push(message);
  const world: MirrorWorld = {
    down,
    warnings,
    faults: null,
    get disk() {
      return disk;
    },
    directory: (member) => `${SIMULATED_DIRECTORY}/m${member}`,
    open({ required = 1 } = {}) {
      const context = { ...CONTEXT, hash, warn, index: indexIn(indexes), fs: disk };
      const options = backendOptions({ members: configs, required }, "blobs.mirror");
      const clock = {
        now: () => Date.now(),
        wait: (_: number, signal: AbortSignal) =>
          new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, 1);
            signal.addEventListener("abort", () => {
              clearTimeout(timer);
              resolve();
            });
          }),
      };
      return openMirror(
        options,
        {
          ...context,
          storeIndex: context.index,
          async openChild(child, changes) {
            const member = configs.indexOf(child.config as (typeof configs)[number]);
            if (down[member]) throw outage();
            const inner = await openBackend(child.config, { ...context, ...changes });
            return faultyBackend(inner, {
              fault: (call, done) => (down[member] ? outage() : (world.faults?.(member, call, done) ?? null)),
            });
          },
        },
        clock,
      );
    },
    openAlone: (member) =>
      openBackend(configs[member] as (typeof configs)[number], {
        ...{ ...CONTEXT, hash, warn, fs: disk },
        index: indexIn(new Map()),
      }),
    crash() {
      disk = disk.crash();
      indexes = new Map([...indexes].map(([path, index]) => [path, index.copy()]));
    },
    empty(member) {
      for (const number of Array.from({ length: 500 }, (_, at) => at + 1))
        for (const kind of ["blobs", "nodes", "log"])
          disk.lose(`${SIMULATED_DIRECTORY}/m${member}/${kind}-${String(number).padStart(5, "0")}`);
    },
  };
  return world;
}
