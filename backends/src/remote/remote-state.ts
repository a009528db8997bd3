/** What the parts of a remote backend share. */
import type { BackendUnavailableError } from "@datadb/protocol";
import type { Link, Welcome } from "./link.ts";
import type { Unflushed } from "./unflushed.ts";

export interface RemoteState {
  readonly link: Link;
  readonly waiting: Unflushed;
  /** Address and namespace, for messages. */
  readonly shown: string;
  readonly counts: Record<
    "blobs-uploaded" | "bytes-uploaded" | "blobs-downloaded" | "bytes-downloaded",
    number
  >;
  welcome: Welcome;
  /** Accepted records that were forgotten: noticed here, and by the server's own count. */
  recordsLost: number;
  serverLost: number;
  /** Records that had been accepted went with a restart: the next flush says so. */
  failure: BackendUnavailableError | null;
  /** All that the namespace had recovered was told to the store. */
  told: boolean;
}

/** Names in one question. */
export const NAMES_A_QUESTION = 8192;
