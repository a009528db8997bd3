/**
 * A wrapper that seals every record: `encrypt: { key: file:/etc/datadb/key, to: { ... } }`, or with `passphrase` instead of `key`.
 *
 * What it wraps sees kinds, sizes and names that mean nothing. docs/formats.md has the bytes.
 */
import { hashLength, type RecordKind, UsageError } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendOptions } from "../backend-options.ts";
import { counterOf } from "../counter-of.ts";
import type { OpenContext } from "../open-backend.ts";
import type { RecordIndex } from "../record-index.ts";
import { createEncrypt } from "./create-encrypt.ts";
import { fillIndex, settleIndex } from "./fill-index.ts";
import { groupWrites } from "./group-writes.ts";
import { createInFlight } from "./in-flight.ts";
import { type IndexNotes, openIndexNotes } from "./index-notes.ts";
import type { Secret } from "./key-slots.ts";
import { openKeys } from "./open-keys.ts";
import { readSecret } from "./read-secret.ts";
import { openSecretbox } from "./secretbox.ts";
import { createSlabPool } from "./slab-pool.ts";
import { createStoredNames } from "./stored-names.ts";
import type { Vault } from "./vault.ts";

async function readConfiguredSecret(
  options: BackendOptions,
  { directory }: OpenContext,
): Promise<() => Promise<Secret>> {
  const key = options.optionalText("key");
  const passphrase = options.optionalText("passphrase");
  if ((key === undefined) === (passphrase === undefined))
    throw new UsageError(`${options.at}: give either key or passphrase`, {
      next: "make a key with datadb key generate FILE, and name it: key: file:/path/of/FILE",
      fields: { key: options.at },
    });
  return () =>
    key !== undefined
      ? readSecret("key", `${options.at}.key`, key, directory)
      : readSecret("passphrase", `${options.at}.passphrase`, passphrase!, directory);
}

/** The place of what asks for no index of its own. */
const UNINDEXED = "unindexed";

/** The index of a place that is sealed; opened before that of what it wraps, whose place it is named after. */
interface OwnIndex {
  index: RecordIndex;
  notes: Promise<IndexNotes>;
}

function openOwnIndex(context: OpenContext, path: string): OwnIndex {
  const index = groupWrites(context.index(`encrypt:${encodeURIComponent(path)}`));
  const notes = openIndexNotes(index, hashLength(context.hash));
  // Whoever needs them awaits them, and sees why they cannot be read.
  notes.catch(() => {});
  return { index, notes };
}

/** Opens what is wrapped, with notes of all that it finds: it cannot be opened before the keys are, which it holds. */
async function openWrapped(
  child: ReturnType<BackendOptions["child"]>,
  context: OpenContext,
): Promise<{ inner: Backend } & OwnIndex> {
  let own: OwnIndex | undefined;
  const recovered = async (kind: RecordKind, names: readonly Buffer[]): Promise<void> => {
    own ??= openOwnIndex(context, UNINDEXED);
    const notes = await own.notes;
    // Without a whole index everything is looked at anyway.
    if (names.length === 0 || !notes.isComplete()) return;
    const [, entry] = notes.make("reread", kind, names);
    await own.index.write([entry], []);
  };
  const inner = await context.openChild(child, {
    recovered,
    index(path) {
      own ??= openOwnIndex(context, path);
      return context.storeIndex(path);
    },
  });
  return { inner, ...(own ?? openOwnIndex(context, UNINDEXED)) };
}

async function openVault(
  secret: Secret,
  context: OpenContext,
  child: ReturnType<BackendOptions["child"]>,
): Promise<Vault> {
  const { hash, warn } = context;
  const nameLength = hashLength(hash);
  const secretbox = await openSecretbox();
  const { inner, index, ...own } = await openWrapped(child, context);
  try {
    const notes = await own.notes;
    const description = `encrypt ${inner.description}`;
    const readOnly = context.readOnly === true || !inner.capabilities.writable;
    const scene = { inner, hash, secretbox, description, readOnly, spare: context.keyRecord, warn };
    const keys = await openKeys(scene, secret, notes.change());
    const vault: Vault = {
      ...{ inner, description, hash, nameLength, index, notes, secretbox, keys, warn },
      names: createStoredNames(keys.ring.nameKey, nameLength),
      slabs: createSlabPool(),
      inFlight: createInFlight(),
      replaced: new Map(),
      lost: counterOf(inner, "records-lost"),
      counts: { sealed: 0, sealedBytes: 0, opened: 0, openedBytes: 0, refused: 0 },
      recovered: (kind, names) => context.recovered?.(kind, names),
    };
    // What was in memory went with the process, whatever the index says.
    if (notes.isComplete() && inner.capabilities.durable) await settleIndex(vault);
    else await fillIndex(vault, true);
    if (notes.change() !== keys.record.change) await index.write([notes.changeEntry(keys.record.change)], []);
    return vault;
  } catch (error) {
    await inner.close().catch(() => {});
    throw error;
  }
}

/** Opens `to` and its keys. Errors: USAGE for what is wrong with the configuration or a key file, WRONG_KEY, NOT_AUTHENTIC, DAMAGED, and those of `to`. */
export async function openEncrypt(options: BackendOptions, context: OpenContext): Promise<Backend> {
  const readConfigured = await readConfiguredSecret(options, context);
  const child = options.child("to");
  options.done();
  return createEncrypt(await openVault(await readConfigured(), context, child));
}
