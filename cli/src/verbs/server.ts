/** datadb server: keeps a store open for clients over the network. */
import type { Server } from "@datadb/server";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { localStore } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";

const MAX_PORT = 65_535;

export const server: Verb = {
  name: "server",
  summary: "Serve a store to other machines and to Redis clients",
  usage: "[OPTION]...",
  description: [
    "Holds the store and serves it: the Redis protocol, HTTP with metrics and the monitor, and the store's own socket. It " +
      "ends cleanly on SIGTERM. It listens on this machine only, unless --host or the configuration says otherwise; then " +
      "users must be configured. A store is made when there is none.",
  ],
  options: [
    {
      name: "host",
      value: "ADDRESS",
      help: "the address to listen on (default 127.0.0.1)",
      completes: "nothing",
    },
    {
      name: "port",
      value: "PORT",
      help: "the port of the Redis protocol (default 9736)",
      completes: "nothing",
    },
    { name: "hash-password", help: "read a password, print its hash for config.yaml, and end" },
    { name: "http-port", value: "PORT", help: "the port of HTTP (default 9737)", completes: "nothing" },
  ],
  operands: { least: 0, most: 0 },
  examples: [
    { line: "datadb server --store /srv/backup", does: "Serve a store on this machine" },
    { line: "datadb snapshot --server redis://127.0.0.1:9736 /etc", does: "Use it, from another shell" },
    { line: "redis-cli -p 9736 SMEMBERS snapshots", does: "Look into it with any Redis client" },
  ],
  run: (context) => (context.arguments.flag("hash-password") ? printHash(context) : serve(context)),
};

/** From standard input: a password among the arguments could be seen by everybody. */
async function printHash({ output }: VerbContext): Promise<number> {
  const { readPassword } = await import("../output/read-password.ts");
  const { hashPassword } = await import("@datadb/server");
  const hash = await hashPassword(await readPassword());
  output.line(hash);
  output.record({ type: "summary", hash });
  return EXIT.done;
}

async function serve(context: VerbContext): Promise<number> {
  const { arguments: args, signal } = context;
  const [host, port, httpPort] = [
    args.text("host"),
    args.number("port", 0, MAX_PORT),
    args.number("http-port", 0, MAX_PORT),
  ];
  const { directory, options } = localStore(context, { job: "server", create: true });
  const [{ openServer }, { holdWhenFree }, { openOrCreate }, { serveGuests }] = await Promise.all([
    import("@datadb/server"),
    import("../store/hold-when-free.ts"),
    import("../store/open-or-create.ts"),
    import("../store/serve-guests.ts"),
  ]);
  const database = await holdWhenFree(directory, options, () => openOrCreate(directory, options));
  try {
    const guests = await serveGuests(database, directory, options);
    try {
      await untilTold(signal, async (onShutdown) => {
        const opened = await openServer(database, { host, port, httpPort, onShutdown });
        announce(context, directory, database.info.id, opened);
        return opened;
      });
    } finally {
      await guests.turnAway();
    }
  } finally {
    await database.close();
  }
  context.output.note("ended");
  return EXIT.done;
}

/** Serves until a signal or a client's SHUTDOWN. */
async function untilTold(
  signal: AbortSignal,
  open: (onShutdown: () => void) => Promise<Server>,
): Promise<void> {
  let end: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    end = resolve;
  });
  signal.addEventListener("abort", end, { once: true });
  const opened = await open(end);
  if (!signal.aborted) await told;
  await opened.close();
}

function announce(
  { output }: VerbContext,
  directory: string,
  id: string,
  { host, port, http, socket, tls }: Server,
): void {
  const shown = (name: string): string => (name.includes(":") ? `[${name}]` : name);
  const url = `redis${tls ? "s" : ""}://${shown(host)}:${port}`;
  const web = http && `http${tls ? "s" : ""}://${shown(http.host)}:${http.port}`;
  output.note(`serving ${printable(directory)} (store ${id})`);
  output.note(`  ${url}   datadb --server ${url}, redis-cli${tls ? " --tls" : ""} -p ${port}`);
  if (web) output.note(`  ${web}   /debug/monitor /debug/vars /metrics /healthz`);
  if (socket) output.note(`  unix:${printable(socket)}`);
  const urls = { redis: url, ...(web ? { http: web } : {}) };
  output.record({
    type: "listening",
    store: directory,
    id,
    ...urls,
    ...(socket ? { socket } : {}),
    pid: process.pid,
  });
}
