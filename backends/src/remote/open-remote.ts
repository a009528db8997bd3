/**
 * Records that another datadb server keeps, in a namespace of its own:
 * `remote: { url: rediss://user@host:9736, password: "file:/etc/datadb/password" }`.
 */
import { randomBytes } from "node:crypto";
import {
  BackendUnavailableError,
  hashLength,
  type PlainReply,
  RECORD_KINDS,
  type RecordKind,
} from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../backend-context.ts";
import type { BackendOptions } from "../backend-options.ts";
import { openLink, type Request, type Welcome } from "./link.ts";
import { arrayOf } from "./record-replies.ts";
import { remoteBackend } from "./remote-backend.ts";
import { remoteOptions } from "./remote-options.ts";
import { NAMES_A_QUESTION, type RemoteState } from "./remote-state.ts";
import { unflushed } from "./unflushed.ts";

const NOTHING_YET = { recordsLost: 0, serverLost: 0, failure: null, told: true };
const NOTHING_COUNTED = {
  "blobs-uploaded": 0,
  "bytes-uploaded": 0,
  "blobs-downloaded": 0,
  "bytes-downloaded": 0,
};

type Ask = (request: Request) => Promise<PlainReply>;

/** Rejects with BACKEND_UNAVAILABLE, WRONG_STORE, USAGE. */
export async function openRemote(options: BackendOptions, context: BackendContext): Promise<Backend> {
  const given = remoteOptions(options, context.storeId);
  const shown = `${given.address.shown}/${given.namespace}`;
  const known = { ...NOTHING_YET, waiting: unflushed(), counts: { ...NOTHING_COUNTED }, shown };
  let state: RemoteState | null = null;
  const link = openLink({
    ...given,
    storeId: context.storeId,
    hash: context.hash,
    holder: randomBytes(16).toString("hex"),
    signal: context.signal,
    async arrived(welcome, ask) {
      if (state === null) {
        await settle(ask);
        await tellRecovered(welcome, ask, context);
        state = { ...known, link, welcome };
      } else {
        if (state.welcome.epoch !== welcome.epoch) await lookAgain(state, welcome, ask);
        state.welcome = welcome;
      }
    },
  });
  try {
    await link.call(["PACKS", "log"]);
  } catch (error) {
    link.close();
    throw error;
  }
  return remoteBackend(state!);
}

/** What somebody put before and did not flush would count as there, and go with a restart of the server: from now on it is durable, or gone. */
async function settle(ask: Ask): Promise<void> {
  try {
    await ask(["FLUSH"]);
  } catch (error) {
    if (error instanceof BackendUnavailableError) throw error;
  }
}

/** As any backend tells of what a crash had left out of its index; the server keeps the list until this store ends well. */
async function tellRecovered({ recovered }: Welcome, ask: Ask, context: BackendContext): Promise<void> {
  if (!recovered) return;
  const n = hashLength(context.hash);
  for (let cursor: PlainReply = ""; ; ) {
    const [next, kind, names] = arrayOf(await ask(["RECOVERED", cursor])) as [Buffer, Buffer, Buffer];
    if (next.length === 0) return;
    const each = Array.from({ length: names.length / n }, (_, at) => names.subarray(at * n, (at + 1) * n));
    await context.recovered?.(String(kind) as RecordKind, each);
    cursor = next;
  }
}

/**
 * The server was started again. What it had accepted may be gone; when any of it is, all that no flush had covered counts as gone, since
 * a node may have survived without its children.
 */
async function lookAgain(state: RemoteState, welcome: Welcome, ask: Ask): Promise<void> {
  const { waiting, shown } = state;
  if (welcome.recovered) state.told = false;
  let whole = true;
  for (const kind of RECORD_KINDS) {
    const names = waiting.names(kind);
    for (let at = 0; at < names.length; at += NAMES_A_QUESTION) {
      const some = Buffer.concat(names.slice(at, at + NAMES_A_QUESTION));
      const there = (await ask(["HAS", kind, some])) as Buffer;
      whole &&= there.every((one) => one === 1);
    }
  }
  if (whole) return;
  const lost = waiting.begin(RECORD_KINDS).doubtful();
  state.recordsLost += lost;
  state.failure = new BackendUnavailableError(
    `the server ${shown} was started again and has lost some of ${lost} records that were not durable yet`,
    { next: "run the command again: it sends them again" },
  );
}
