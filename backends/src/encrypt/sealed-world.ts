/** Key files and stores that encrypt, for tests. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeKeyFile } from "@datadb/protocol";
import type { BackendConfig } from "../backend-options.ts";
import { SMALL_PACKS } from "../suite/simulated-store.ts";

/** A directory of key files. */
export interface SealedWorld {
  readonly directory: string;
  /** `file:PATH` of a key file with this content, made of 32 equal bytes by default. */
  key(name: string, text?: string): string;
  /** A composition that opens with this key file. */
  config(name: string, to?: BackendConfig): BackendConfig;
  dispose(): void;
}

export function sealedWorld(): SealedWorld {
  const directory = mkdtempSync(join(tmpdir(), "datadb-encrypt-"));
  const key = (name: string, text?: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text ?? encodeKeyFile(Buffer.alloc(32, name)));
    chmodSync(path, 0o600);
    return `file:${path}`;
  };
  return {
    directory,
    key,
    config: (name, to = SMALL_PACKS) => ({ encrypt: { key: key(name), to } }),
    dispose: () => rmSync(directory, { recursive: true }),
  };
}
