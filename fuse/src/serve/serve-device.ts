/** Serves an open FUSE device from a store: starts the receiver, and does what it leaves to this thread. */
import type { Backup, Connection } from "@datadb/client";
import { decodeMeta, hashLength } from "@datadb/protocol";
import type { BlobCache } from "../content/blob-cache.ts";
import type { ReceiverMessage } from "../device/messages.ts";
import { type RunningReceiver, startReceiver } from "../device/start-receiver.ts";
import { OPCODE } from "../kernel/constants.ts";
import { readRequest } from "../kernel/request.ts";
import { createCatalogue } from "../tree/backup-catalogue.ts";
import { createViewNodes } from "../tree/view-nodes.ts";
import { createViewAnswers } from "./answer-views.ts";
import { createDirectoryLoader } from "./directory-loader.ts";
import { createForwarded, type ForwardedRequests, type ForwardedSurroundings } from "./forwarded-requests.ts";
import { createOpenFiles } from "./open-files.ts";
import { createPending } from "./pending-requests.ts";
import type { PreparedContent } from "./prepare-content.ts";
import type { Mounter } from "./view-attributes.ts";

export interface ServeOptions {
  fd: number;
  connection: Connection;
  content: PreparedContent;
  mounter: Mounter;
  /** For times below at/. */
  timezone: string;
  /** Bytes of directories that are kept. */
  directoryBytes: number;
  /** A line for the log: what failed, and why. */
  problem(text: string): void;
}

export interface Served {
  /** Resolves when the kernel has said hello. */
  ready: Promise<void>;
  /** Resolves when the file system was unmounted or stop() was called; rejects when the device fails. */
  ended: Promise<void>;
  isOver(): boolean;
  /** The receiver ends with the next request. */
  stop(): void;
}

export function serveDevice(options: ServeOptions): Served {
  const { fd, directoryBytes, content } = options;
  const { cache } = content;
  const nameBytes = hashLength(content.hash);
  let handle: (message: ReceiverMessage) => void = () => undefined;
  const receiver = startReceiver({ fd, limitBytes: directoryBytes }, (message) => handle(message));
  const parts = assemble(options, receiver);
  const forwarded = createForwarded(parts);
  handle = (message) => dispatch(message, { ...options, parts, forwarded, cache, nameBytes });
  const { ready, ended, isOver, stop } = receiver;
  return { ready, ended, isOver, stop };
}

function assemble(
  { fd, connection, content, mounter, timezone, problem }: ServeOptions,
  receiver: RunningReceiver,
): ForwardedSurroundings {
  const { post } = receiver;
  const { hash, fetch, warm } = content;
  const pending = createPending(fd, problem);
  const loader = createDirectoryLoader({ connection, hash, busy: pending.any, fetch, warm, post, problem });
  const files = createOpenFiles(content);
  const catalogue = createCatalogue(connection, (backups) => countAll(backups, receiver), problem);
  const nodes = createViewNodes();
  const views = createViewAnswers({
    catalogue,
    nodes,
    timezone,
    mounter,
    openContent: files.openOwn,
    entered: loader.entered,
    async fetchNode(ref) {
      const [node] = await fetch([ref]);
      return node!;
    },
  });
  return { pending, loader, files, views, nodes, post };
}

function countAll(backups: readonly Backup[], receiver: RunningReceiver): void {
  let [bytes, entries] = [0, 0];
  for (const backup of backups) {
    bytes += backup.size;
    entries += backup.entries;
  }
  receiver.setTotals(bytes, entries);
}

interface Dispatcher {
  parts: ForwardedSurroundings;
  forwarded: ForwardedRequests;
  cache: BlobCache;
  nameBytes: number;
  problem(text: string): void;
}

function dispatch(
  message: ReceiverMessage,
  { parts, forwarded, cache, nameBytes, problem }: Dispatcher,
): void {
  const { files, loader, nodes, pending, post } = parts;
  switch (message.kind) {
    case "read": {
      const { low: uniqueLow, high: uniqueHigh, handle, offset, size } = message;
      const request = { uniqueLow, uniqueHigh, length: 0, opcode: OPCODE.read, node: 0, pid: 0 };
      void forwarded.read(request, handle, offset, size);
      break;
    }
    case "open":
      files.open(message.handle, decodeMeta(Buffer.from(message.meta)));
      break;
    case "ahead": {
      const names = Buffer.from(message.names);
      const name = (i: number): Buffer => names.subarray(i * nameBytes, (i + 1) * nameBytes);
      cache.want(message.lengths.map((length, i) => ({ name: name(i), length })));
      break;
    }
    case "close":
      files.close(message.handle);
      break;
    case "load": {
      const bytes = Buffer.from(message.bytes);
      void forwarded.inDirectory(readRequest(bytes), bytes, message.lean, async () => message.directory);
      break;
    }
    case "request": {
      const bytes = Buffer.from(message.bytes);
      void forwarded.answer(readRequest(bytes), bytes);
      break;
    }
    case "used":
      loader.used(message.id, message.below);
      break;
    case "installed":
      loader.installed(message.id, message.gone);
      break;
    case "interrupt":
      pending.interrupt(message.low, message.high);
      break;
    case "forget":
      if (nodes.forget(message.node, message.times)) post({ kind: "drop", node: message.node });
      break;
    case "problem":
      problem(message.text);
      break;
    default:
  }
}
