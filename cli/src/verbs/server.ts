/** datadb server: keeps a store open for clients over the network. */
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../verb.ts";

/** Where clients look without being told. */
export const DEFAULT_PORT = 9736;
export const DEFAULT_HTTP_PORT = 9737;

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
    { name: "host", value: "ADDRESS", help: "the address to listen on (default 127.0.0.1)", completes: "nothing" },
    { name: "port", value: "PORT", help: `the port of the Redis protocol (default ${DEFAULT_PORT})`, completes: "nothing" },
    { name: "http-port", value: "PORT", help: `the port of HTTP (default ${DEFAULT_HTTP_PORT})`, completes: "nothing" },
  ],
  operands: { least: 0, most: 0 },
  examples: [
    { line: "datadb server --store /srv/backup", does: "Serve a store on this machine" },
    { line: "datadb snapshot --server redis://127.0.0.1:9736 /etc", does: "Use it, from another shell" },
    { line: "redis-cli -p 9736 SMEMBERS snapshots", does: "Look into it with any Redis client" },
  ],
};
