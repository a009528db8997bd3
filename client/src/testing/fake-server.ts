/** For tests: a server over a unix socket that can die, losing what is not durable, and cut connections anywhere. */
import net from "node:net";
import {
  encodeReply,
  hashOf,
  OK,
  type PlainReply,
  type Reply,
  ReplyError,
  replyDecoder,
} from "@datadb/protocol";

interface Listed {
  id: string;
  ref: string;
  ts: string;
}

export interface FakeServer {
  readonly socket: string;
  /** Survive death: names of blobs, listed backups, keys, ids of committed transactions. */
  readonly durable: {
    blobs: Set<string>;
    backups: Listed[];
    keys: Map<string, string>;
    committed: Set<string>;
  };
  readonly counts: Map<string, number>;
  /** Bytes of replies after which a new connection is cut; Infinity: never. */
  cutAfter: () => number;
  /** Drops connections and everything that is not durable. */
  die(): void;
  stop(): Promise<void>;
}

export async function fakeServer(socket: string): Promise<FakeServer> {
  const state: State = { accepted: new Set(), clock: Date.UTC(2026, 10, 19) };
  const connections = new Set<net.Socket>();
  const fake: Omit<FakeServer, "stop"> = {
    socket,
    durable: { blobs: new Set(), backups: [], keys: new Map(), committed: new Set() },
    counts: new Map(),
    cutAfter: () => Number.POSITIVE_INFINITY,
    die() {
      state.accepted = new Set();
      for (const one of connections) one.destroy();
    },
  };

  const server = net.createServer((connection) => {
    const execute = session(fake, state);
    let left = fake.cutAfter();
    connections.add(connection);
    connection.on("error", () => {}).on("close", () => connections.delete(connection));
    const decoder = replyDecoder((command) => {
      if (connection.destroyed) return;
      const args = command as PlainReply[];
      const content = args[1];
      const reply = Buffer.concat(
        encodeReply(execute(args.map(String), Buffer.isBuffer(content) ? content : Buffer.alloc(0)), 2, []),
      );
      connection.write(reply.subarray(0, Math.max(0, left)));
      left -= reply.length;
      if (left < 0) connection.destroySoon();
    });
    connection.on("data", (chunk: Buffer) => decoder.feed(chunk));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return Object.assign(fake, {
    async stop() {
      fake.die();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Dies with the server. */
interface State {
  accepted: Set<string>;
  clock: number;
}

function session(fake: Omit<FakeServer, "stop">, state: State): (args: string[], content: Buffer) => Reply {
  let transaction: { id: string; backups: Listed[]; keys: Map<string, string> } | null = null;
  return (args, content) => {
    const [name, first = "", second = "", third = ""] = args;
    fake.counts.set(name!, (fake.counts.get(name!) ?? 0) + 1);
    switch (name) {
      case "INFO":
        return "# Store\r\nstore_id:ab\r\nstore_hash:sha256\r\nstore_chunker:fastcdc:1:2:3\r\n";
      case "BPUT": {
        const hex = hashOf("sha256", content).toString("hex");
        state.accepted.add(hex);
        return hex;
      }
      case "DONE":
        for (const one of state.accepted) fake.durable.blobs.add(one);
        return OK;
      case "LEASE":
        if (first === "END") return OK;
        return third === "" || first === "BACKUP" ? "lease-1" : third;
      case "TXINIT":
        transaction = { id: first, backups: [], keys: new Map() };
        return OK;
      case "SET":
        (transaction?.keys ?? fake.durable.keys).set(first, second);
        return OK;
      case "GET":
        return fake.durable.keys.get(first) ?? null;
      case "HMSET":
        return new ReplyError("ERR not here");
      case "BACKUP": {
        const listed = { id: `backup-${++state.clock}`, ref: third, ts: new Date(state.clock).toISOString() };
        transaction?.backups.push(listed);
        return [listed.id, "series", listed.ts];
      }
      case "TXCOMMIT": {
        if (transaction === null) return new ReplyError("ERR no transaction");
        if (!fake.durable.committed.has(transaction.id)) {
          const missing = transaction.backups.find(
            ({ ref }) => !state.accepted.has(ref) && !fake.durable.blobs.has(ref),
          );
          if (missing !== undefined) return new ReplyError(`LEASELOST ${missing.ref}`);
          for (const one of state.accepted) fake.durable.blobs.add(one);
          fake.durable.backups.unshift(...transaction.backups);
          for (const [key, value] of transaction.keys) fake.durable.keys.set(key, value);
          fake.durable.committed.add(transaction.id);
        }
        transaction = null;
        return OK;
      }
      case "BACKUPS":
        return fake.durable.backups.map(({ id, ref, ts }) => ["id", id, "ref", ref, "ts", ts]);
      case "PING":
      case "QUIT":
        return OK;
      default:
        return new ReplyError(`ERR unknown command '${name}'`);
    }
  };
}
