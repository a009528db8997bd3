/** For tests: the commands that a snapshot sends, on a memory store. */
import {
  backupId,
  decodeChain,
  encodeOnChain,
  type HashAlgorithm,
  hashOf,
  type PlainReply,
  type RecordKind,
  ReplyError,
  references,
  snapshotId,
} from "@datadb/protocol";
import type { Argument } from "../connection.ts";
import type { BackupStore } from "./backup-store.ts";
import { recordChain } from "./record-chain.ts";

export type Commands = Record<string, (args: Argument[]) => PlainReply | Promise<PlainReply>>;

/** Throws NOCHILD as a server does when a node comes before what it refers to. */
export function checkChildren(store: BackupStore, content: Buffer, n: number): void {
  for (const { kind, name } of references(content, n)) {
    if (!store.has(kind, name)) throw new ReplyError(`NOCHILD ${kind} ${name.toString("hex")} is not there`);
  }
}

export function backupCommands(store: BackupStore, hash: HashAlgorithm): Commands {
  let listed: Map<string, string> | null = null;
  let clock = Date.UTC(2026, 0, 1);
  return {
    LEASE: () => "lease",
    INFO: () => `# Store\r\nstore_whole:${store.whole ? 1 : 0}\r\n`,
    DONE: () => "OK",
    TXINIT: () => "tx",
    TXDISCARD() {
      listed = null;
      return "OK";
    },
    TXCOMMIT() {
      if (listed) store.backups.unshift(listed);
      listed = null;
      return "OK";
    },
    BACKUP([host, path, ref, ...fields]) {
      if (!store.has("node", Buffer.from(String(ref), "hex")))
        throw new ReplyError(`NOCHILD node ${String(ref)}`);
      clock += 1000;
      const ts = new Date(clock).toISOString();
      const id = backupId(hash, String(host), String(path), ts).toString("hex");
      const snapshot = snapshotId(hash, String(host), String(path)).toString("hex");
      const given = { id, snapshot, hostname: String(host), path: String(path), ts, ref: String(ref) };
      listed = new Map(Object.entries(given));
      for (let i = 0; i < fields.length; i += 2) listed.set(String(fields[i]), String(fields[i + 1]));
      return [id, snapshot, ts].map((text) => Buffer.from(text));
    },
    BACKUPS: ([, snapshot]) =>
      store.backups
        .filter((backup) => backup.get("snapshot") === snapshot)
        .map((backup) => [...backup].flat()),
    ...blobCommands(store, hash),
  };
}

function blobCommands(store: BackupStore, hash: HashAlgorithm): Commands {
  return {
    BEXISTS(args) {
      const names = args.slice(0, -2).map((name) => Buffer.from(String(name), "hex"));
      const there = names.map((name) => (store.has(args.at(-1) as RecordKind, name) ? 1 : 0));
      return there.length === 1 ? there[0]! : there;
    },
    async BPUT([given, ...words]) {
      const options: Record<string, string> = {};
      for (let i = 0; i < words.length; i += 2) options[String(words[i])] = String(words[i + 1]);
      const { KIND: kind = "data", BASE: base } = options;
      const content = Buffer.from(given as Buffer);
      const name = hashOf(hash, content);
      await store.onPut(kind as RecordKind, name);
      if (kind === "node") checkChildren(store, content, name.length);
      const chain = base === undefined ? [] : recordChain(store.records, kind as RecordKind, base);
      const record = encodeOnChain(hash, kind as RecordKind, name, content, chain);
      store.records.set(`${kind}:${name.toString("hex")}`, record);
      return Buffer.from(name.toString("hex"));
    },
    BGET([name, , kind = "data"]) {
      if (!store.records.has(`${kind}:${name}`)) return null;
      return decodeChain(hash, recordChain(store.records, kind as RecordKind, String(name)));
    },
  };
}
