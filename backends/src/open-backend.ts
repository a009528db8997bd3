/** From configuration to backend: one table line per type, a leaf or a wrapper alike. */
import type { Backend } from "./backend.ts";
import type { BackendContext } from "./backend-context.ts";
import {
  type BackendConfig,
  type BackendOptions,
  backendOptions,
  backendType,
  configError,
} from "./backend-options.ts";
import { openBlobsfile } from "./blobsfile/open-blobsfile.ts";
import { openCache } from "./cache/open-cache.ts";
import { openMemory } from "./memory/open-memory.ts";
import { openMirror } from "./mirror/open-mirror.ts";
import { openReadOnly } from "./read-only/open-read-only.ts";
import type { RecordIndex } from "./record-index.ts";
import { openRetry } from "./retry/open-retry.ts";
import { openS3 } from "./s3/open-s3.ts";

/** The store, and who listens. */
interface OpenContextBase extends BackendContext {
  /** Told of each index that the backend, or what it wraps, asks for. */
  readonly onIndex?: (path: string, index: RecordIndex) => void;
}

/** What an opener gets besides its options: the store, and the way to open what it wraps. */
export interface OpenContext extends OpenContextBase {
  /** The indexes of the store, for a wrapper that hands them on: who asks for one in the end looks after its place. */
  readonly storeIndex: BackendContext["index"];
  /** Opens a wrapped backend, for this context or a changed one. One that failed to open may be opened again. */
  openChild(
    child: { config: BackendConfig; at: string },
    changes?: Partial<OpenContextBase>,
  ): Promise<Backend>;
}

/** Takes its options, calls `done` before it touches anything, and resolves with a ready backend. */
type BackendOpener = (options: BackendOptions, context: OpenContext) => Promise<Backend>;

const OPENERS = new Map<string, BackendOpener>([
  ["blobsfile", openBlobsfile],
  [
    "encrypt",
    async (options, context) => (await import("./encrypt/open-encrypt.ts")).openEncrypt(options, context),
  ],
  ["cache", openCache],
  [
    "glacier",
    async (options, context) => (await import("./glacier/open-glacier.ts")).openGlacier(options, context),
  ],
  ["memory", openMemory],
  ["mirror", openMirror],
  ["read-only", openReadOnly],
  ["remote", async (...given) => (await import("./remote/open-remote.ts")).openRemote(...given)],
  ["retry", openRetry],
  ["s3", openS3],
]);

/** Refuses a second leaf on the same index, and so on the same place; `owners` get what was asked for. */
function guardedIndex(
  context: OpenContextBase,
  at: string,
  used: Set<string>,
  owners: readonly Set<string>[],
): BackendContext["index"] {
  return (path) => {
    if (used.has(path))
      throw configError(at, `the place ${path} is used by another backend of this store already`);
    used.add(path);
    for (const own of owners) own.add(path);
    const index = context.index(path);
    context.onIndex?.(path, index);
    return index;
  };
}

async function open(
  config: BackendConfig,
  context: OpenContextBase,
  at: string,
  used: Set<string>,
  above: readonly Set<string>[] = [],
): Promise<Backend> {
  const { type, value } = backendType(config, at);
  const opener = OPENERS.get(type);
  if (opener === undefined) {
    throw configError(`${at}.${type}`, `unknown backend (known: ${[...OPENERS.keys()].join(", ")})`);
  }
  const own = new Set<string>();
  const owners = [...above, own];
  try {
    return await opener(backendOptions(value, `${at}.${type}`), {
      ...context,
      storeIndex: context.index,
      index: guardedIndex(context, `${at}.${type}`, used, owners),
      openChild: (child, changes) => open(child.config, { ...context, ...changes }, child.at, used, owners),
    });
  } catch (error) {
    // What could not be opened uses no place: it may be tried again.
    for (const path of own) used.delete(path);
    throw error;
  }
}

/**
 * Opens the backend that `config` describes, ready for use. Requires that the caller holds the store's lock.
 * Errors: USAGE naming the key for a wrong configuration; WRONG_STORE, FORMAT_TOO_NEW, STORE_MISSING_KNOWN (packs that the index
 * knows are all gone: is the disk mounted?), BACKEND_UNAVAILABLE.
 */
export function openBackend(config: BackendConfig, context: BackendContext): Promise<Backend> {
  const made = new Map<string, RecordIndex>();
  // Who opens a place again goes on with the same index.
  const index = (path: string): RecordIndex => {
    const known = made.get(path) ?? context.index(path);
    made.set(path, known);
    return known;
  };
  return open(config, { ...context, index }, "blobs", new Set());
}
