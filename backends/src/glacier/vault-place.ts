/** What the parts of a glacier backend share. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { RecordIndex } from "../record-index.ts";
import type { Traffic } from "../traffic.ts";
import type { Catalogue } from "./catalogue.ts";
import type { CountedClient } from "./count-requests.ts";
import type { GlacierOptions } from "./glacier-options.ts";

export interface VaultPlace {
  readonly options: GlacierOptions;
  readonly client: CountedClient;
  readonly warm: Backend;
  readonly catalogue: Catalogue;
  readonly index: RecordIndex;
  readonly storeId: Buffer;
  readonly hash: HashAlgorithm;
  readonly nameLength: number;
  readonly description: string;
  /** Records that went into archives, and came back out of them. */
  readonly traffic: Traffic;
  warn(message: string): void;
}

export const MIB: number = 1024 * 1024;

/** What an archive of ours is called in the vault: store, pack and bytes of the table at its end. */
export function describePack(storeId: Buffer, pack: string, tableBytes: number): string {
  return `datadb 1 ${storeId.toString("hex")} ${pack} ${tableBytes}`;
}

/** Null for archives that are not of this store. */
export function readDescription(text: string, storeId: Buffer): { pack: string; tableBytes: number } | null {
  const [, id, pack, bytes] = /^datadb 1 ([0-9a-f]{32}) (\S+) (\d+)$/.exec(text) ?? [];
  return id === storeId.toString("hex") ? { pack: pack!, tableBytes: Number(bytes) } : null;
}
