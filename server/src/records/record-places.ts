/** The namespaces in which a server keeps the records of other stores: each a backend of its own below `records/`. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  type Backend,
  type BackendConfig,
  makeDirectories,
  openBackend,
  type RecordIndex,
} from "@datadb/backends";
import { type HashAlgorithm, ReplyError, WrongStoreError } from "@datadb/protocol";
import { type RecoveredNames, recoveredNames } from "./recovered-names.ts";

/** Who asks for a namespace. */
interface Claim {
  namespace: string;
  /** 32 hex digits. */
  storeId: string;
  hash: HashAlgorithm;
  /** One process of that store: its connections share the namespace. */
  holder: string;
}

/** An open namespace. */
export interface RecordPlace {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  readonly recovered: RecoveredNames;
  /** Another one each time that the namespace is opened. */
  readonly epoch: string;
  /** Where it is, for messages of its store. */
  readonly description: string;
}

export interface RecordPlaces {
  /**
   * The namespace, opened when it is not, and a function that ends this use of it. Throws WRONG_STORE, BUSY while another holder
   * uses it, USAGE, and what opening a backend throws.
   */
  open(claim: Claim): Promise<{ place: RecordPlace; leave: () => void }>;
  close(): Promise<void>;
}

export interface RecordSurroundings {
  directory: string;
  /** The backend of each namespace, its paths relative to the namespace's directory; null: none are kept. */
  config: BackendConfig | null;
  index(scope: string): RecordIndex;
  warn(message: string): void;
}

interface Used {
  place: Promise<RecordPlace>;
  claim: Claim;
  uses: number;
}

const NAMESPACE = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function openRecordPlaces(around: RecordSurroundings): RecordPlaces {
  const { config } = around;
  const open = new Map<string, Used>();
  let closed = false;

  function enter(claim: Claim, found: Used): void {
    const { claim: other, uses } = found;
    if (other.storeId !== claim.storeId || other.hash !== claim.hash) throw wrongStore(claim, other.storeId);
    if (other.holder !== claim.holder && uses > 0)
      throw new ReplyError(
        `BUSY another process uses the namespace ${claim.namespace}; wait for it, or close its connections (CLIENT LIST, CLIENT KILL)`,
      );
    found.claim = claim;
  }

  return {
    async open(claim) {
      if (config === null)
        throw new ReplyError("ERR this server keeps no records of other stores (records: false)");
      if (!NAMESPACE.test(claim.namespace))
        throw new ReplyError(
          "ERR a namespace has 1 to 64 lower-case letters, digits, dots, dashes and underscores",
        );
      if (closed) throw new ReplyError("ERR the server is closing");
      let used = open.get(claim.namespace);
      if (used === undefined) {
        used = { place: openPlace(around, config, claim), claim, uses: 0 };
        const opening = used;
        open.set(claim.namespace, opening);
        // Nobody has it: the next one tries again.
        opening.place.catch(() => open.delete(claim.namespace));
      } else enter(claim, used);
      used.uses += 1;
      let left = false;
      const leave = (): void => {
        if (!left) used.uses -= 1;
        left = true;
      };
      try {
        return { place: await used.place, leave };
      } catch (error) {
        leave();
        throw error;
      }
    },
    async close() {
      closed = true;
      const places = await Promise.allSettled([...open.values()].map(({ place }) => place));
      open.clear();
      for (const result of places) if (result.status === "fulfilled") await result.value.backend.close();
    },
  };
}

function wrongStore({ namespace, storeId }: Claim, owner: string): WrongStoreError {
  return new WrongStoreError(`the namespace ${namespace} belongs to store ${owner}, not ${storeId}`, {
    next: "give each store a namespace of its own",
  });
}

async function openPlace(
  { directory, index, warn }: RecordSurroundings,
  config: BackendConfig,
  { namespace, storeId, hash }: Claim,
): Promise<RecordPlace> {
  const place = join(directory, "records", namespace);
  await makeDirectories(place);
  const recovered = recoveredNames(index(`recovered:${namespace}`));
  const backend = await openBackend(config, {
    storeId: Buffer.from(storeId, "hex"),
    hash,
    directory: place,
    index: (path) => index(`records:${namespace}:${path}`),
    warn: (message) => warn(`records of ${namespace}: ${message}`),
    recovered: (kind, names) => recovered.add(kind, names),
  });
  return { backend, hash, recovered, epoch: randomBytes(8).toString("hex"), description: place };
}
