/** The way to a namespace on a server, over as many connections as there have to be: one that breaks is replaced, and calls are repeated. */
import { setTimeout as sleep } from "node:timers/promises";
import { BackendUnavailableError, type CommandArgument, type PlainReply, ReplyError } from "@datadb/protocol";
import { openSocket } from "./open-socket.ts";
import { remoteError } from "./remote-error.ts";
import type { RemoteOptions } from "./remote-options.ts";
import { openWire, type Wire } from "./wire.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** What the server said when the namespace was opened. */
export interface Welcome {
  epoch: string;
  durable: boolean;
  recovered: boolean;
  packsLost: number;
  rangesDamaged: number;
}

/** A command without its first two words and the namespace: its subcommand, then arguments. */
export type Request = readonly [string, ...CommandArgument[]];

export interface Link {
  /**
   * Sends requests in a row until they are answered: each must be one that may be repeated. Rejects with what the server refuses
   * by, and with BACKEND_UNAVAILABLE when it cannot be reached for too long.
   */
  call(...requests: Request[]): Promise<PlainReply[]>;
  /** A connection of its own, for what takes long or stays open; nothing is repeated on it. Close it. */
  alone(): Promise<{ call(request: Request): Promise<PlainReply>; close(): void }>;
  /** Connections that are open. */
  count(): number;
  close(): void;
}

export interface LinkOptions extends RemoteOptions {
  storeId: Buffer;
  hash: string;
  /** Names this process to the server. */
  holder: string;
  /** Aborted: nothing is tried again any more. */
  signal: AbortSignal | undefined;
  /** Awaited with a new connection before anything else is sent on it. */
  arrived(welcome: Welcome, call: (request: Request) => Promise<PlainReply>): Promise<void>;
}

export function openLink(options: LinkOptions): Link {
  const { retryMs, signal } = options;
  const wires = new Set<Wire>();
  let current: Promise<Wire> | null = null;
  let closed = false;
  /** A server that was never there is no server that will come back. */
  let met = false;

  async function connect(): Promise<{ wire: Wire; welcome: Welcome }> {
    const wire = openWire(await openSocket(options), options.address.shown);
    wires.add(wire);
    try {
      return { wire, welcome: await introduce(wire, options) };
    } catch (error) {
      wires.delete(wire);
      wire.close();
      throw error;
    }
  }

  async function main(): Promise<Wire> {
    const { wire, welcome } = await connect();
    try {
      await options.arrived(welcome, async (request) => (await send(options, wire, [request]))[0]!);
      met = true;
      return wire;
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  async function ready(): Promise<Wire> {
    const found = current;
    if (found !== null) {
      const wire = await found.catch(() => null);
      if (wire !== null && !wire.ended) return wire;
      if (wire !== null) wires.delete(wire);
      if (current === found) current = null;
    }
    current ??= main();
    return await current;
  }

  return {
    async call(...requests) {
      const started = performance.now();
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
        if (closed) throw new TypeError(`the remote backend ${options.address.shown} is closed`);
        let wire: Wire | null = null;
        try {
          wire = await ready();
          return await send(options, wire, requests);
        } catch (error) {
          // A server that answers is reached: only a broken or refused connection may pass.
          const broken =
            wire === null ? error instanceof BackendUnavailableError && !refused(error) : wire.ended;
          const hopeless = !broken || closed || signal?.aborted || (!met && !isBusy(error));
          if (hopeless || performance.now() - started + pause > retryMs) throw error;
        }
        await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
    },
    async alone() {
      const { wire } = await connect();
      return {
        call: async (request) => (await send(options, wire, [request]))[0]!,
        close() {
          wires.delete(wire);
          wire.close();
        },
      };
    },
    count: () => [...wires].filter(({ ended }) => !ended).length,
    close() {
      closed = true;
      for (const wire of wires) wire.close();
    },
  };
}

/** The server's own word, not the network's. */
function refused(error: BackendUnavailableError): boolean {
  return error.cause instanceof ReplyError && !isBusy(error);
}

/** The connections of a process that was killed end a moment later than itself. */
function isBusy(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return cause instanceof ReplyError && cause.kind === "BUSY";
}

async function send(
  { namespace, address }: LinkOptions,
  wire: Wire,
  requests: readonly Request[],
): Promise<PlainReply[]> {
  try {
    return await wire.call(requests.map(([word, ...rest]) => ["RECORDS", word, namespace, ...rest]));
  } catch (error) {
    throw error instanceof ReplyError ? remoteError(error, address.shown) : error;
  }
}

/** Says who comes, and opens the namespace. */
async function introduce(wire: Wire, options: LinkOptions): Promise<Welcome> {
  const { address, storeId, hash, holder } = options;
  const name = address.user ?? options.user;
  const secret = address.password ?? options.password;
  try {
    if (secret !== undefined) await wire.call([["AUTH", ...(name === undefined ? [] : [name]), secret]]);
  } catch (error) {
    throw error instanceof ReplyError ? remoteError(error, address.shown) : error;
  }
  const [reply] = await send(options, wire, [["OPEN", storeId.toString("hex"), hash, holder]]);
  return welcomeOf(reply!);
}

function welcomeOf(reply: PlainReply): Welcome {
  const flat = Array.isArray(reply) ? reply : [];
  const fields = new Map<string, PlainReply>();
  for (let at = 0; at + 1 < flat.length; at += 2) fields.set(String(flat[at]), flat[at + 1]!);
  return {
    epoch: String(fields.get("epoch")),
    durable: fields.get("durable") === 1,
    recovered: fields.get("recovered") === 1,
    packsLost: Number(fields.get("packs-lost") ?? 0),
    rangesDamaged: Number(fields.get("ranges-damaged") ?? 0),
  };
}
