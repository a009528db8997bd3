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
import { openMemory } from "./memory/open-memory.ts";
import { openReadOnly } from "./read-only/open-read-only.ts";
import { openS3 } from "./s3/open-s3.ts";

/** What an opener gets besides its options: the store, and the way to open what it wraps. */
export interface OpenContext extends BackendContext {
  /** The indexes of the store, for a wrapper that hands them on: who asks for one in the end looks after its place. */
  readonly storeIndex: BackendContext["index"];
  /** Opens a wrapped backend, for this context or a changed one. */
  openChild(
    child: { config: BackendConfig; at: string },
    changes?: Partial<BackendContext>,
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
  ["memory", openMemory],
  ["read-only", openReadOnly],
  ["remote", async (...given) => (await import("./remote/open-remote.ts")).openRemote(...given)],
  ["s3", openS3],
]);

/** Refuses a second leaf on the same index, and so on the same place. */
function guardedIndex(context: BackendContext, at: string, used: Set<string>): BackendContext["index"] {
  return (path) => {
    if (used.has(path))
      throw configError(at, `the place ${path} is used by another backend of this store already`);
    used.add(path);
    return context.index(path);
  };
}

async function open(
  config: BackendConfig,
  context: BackendContext,
  at: string,
  used: Set<string>,
): Promise<Backend> {
  const { type, value } = backendType(config, at);
  const opener = OPENERS.get(type);
  if (opener === undefined) {
    throw configError(`${at}.${type}`, `unknown backend (known: ${[...OPENERS.keys()].join(", ")})`);
  }
  return opener(backendOptions(value, `${at}.${type}`), {
    ...context,
    storeIndex: context.index,
    index: guardedIndex(context, `${at}.${type}`, used),
    openChild: (child, changes) => open(child.config, { ...context, ...changes }, child.at, used),
  });
}

/**
 * Opens the backend that `config` describes, ready for use. Requires that the caller holds the store's lock.
 * Errors: USAGE naming the key for a wrong configuration; WRONG_STORE, FORMAT_TOO_NEW, STORE_MISSING_KNOWN (packs that the index
 * knows are all gone: is the disk mounted?), BACKEND_UNAVAILABLE.
 */
export function openBackend(config: BackendConfig, context: BackendContext): Promise<Backend> {
  return open(config, context, "blobs", new Set());
}
