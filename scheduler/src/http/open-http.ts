/** The scheduler's own HTTP listener: health, metrics, status, and a stream of what happens. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { HttpSettings } from "../config/scheduler-config.ts";
import { secretValue } from "../config/secret-value.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { daemonStatus } from "../daemon/daemon-status.ts";
import { METRICS_TYPE, metricsText } from "./metrics.ts";
import { streamEvents } from "./stream-events.ts";

export interface HttpListener {
  readonly port: number;
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 256;

/** Rejects with the system's error (EADDRINUSE ...). */
export async function openHttp(
  daemon: Daemon,
  { host, port, password }: HttpSettings,
  environment: NodeJS.ProcessEnv,
): Promise<HttpListener> {
  const secret = password === undefined ? undefined : secretValue(password, "http.password", environment);
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) => {
    answer(daemon, secret, request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  status: number;
  body: string;
  type?: string;
  headers?: Readonly<Record<string, string>>;
}

function answer(
  daemon: Daemon,
  secret: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = (request.url ?? "/").replace(/\?.*$/, "");
  const refusal = refusalOf(request, secret);
  if (path === "/debug/monitor" && refusal === undefined && request.method === "GET") {
    streamEvents(daemon, response);
    return;
  }
  const { status, body, type, headers } = answerOf(daemon, path, request.method, refusal);
  response.writeHead(status, {
    "content-type": type ?? "text/plain; charset=utf-8",
    "cache-control": "no-store",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function answerOf(daemon: Daemon, path: string, method = "", refusal?: Answer): Answer {
  if (method !== "GET" && method !== "HEAD") return { status: 405, body: "only GET\n" };
  const all = daemonStatus(daemon);
  if (path === "/healthz") {
    const ill = all.filter(({ healthy }) => !healthy);
    if (ill.length === 0) return { status: 200, body: "ok\n" };
    // Who has not the password learns whether, not why.
    const why = ill.map(({ job, problems }) => `${job}: ${problems.join("; ")}\n`).join("");
    return { status: 503, body: refusal ? "unhealthy\n" : why };
  }
  if (refusal) return refusal;
  if (path === "/metrics")
    return { status: 200, body: metricsText(daemon.states(), all), type: METRICS_TYPE };
  if (path === "/status") return { status: 200, body: `${JSON.stringify(all)}\n`, type: "application/json" };
  return { status: 404, body: "there are /healthz, /metrics, /status and /debug/monitor\n" };
}

function refusalOf({ headers }: IncomingMessage, secret: string | undefined): Answer | undefined {
  if (secret === undefined) {
    // A page that a browser shows could reach this listener under a name of its own; its Host gives it away.
    const host = (headers.host ?? "localhost").replace(/:\d+$/, "");
    const here = host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
    return here ? undefined : { status: 403, body: `the host ${JSON.stringify(host)} is not this machine\n` };
  }
  const [, encoded = ""] = /^Basic ([A-Za-z0-9+/=]{1,2048})$/i.exec(headers.authorization ?? "") ?? [];
  const text = Buffer.from(encoded, "base64").toString();
  const digest = (word: string): Buffer => createHash("sha256").update(word).digest();
  if (timingSafeEqual(digest(text.slice(text.indexOf(":") + 1)), digest(secret))) return undefined;
  return {
    status: 401,
    body: "send the password of the section http, with any user name\n",
    headers: { "www-authenticate": 'Basic realm="datadb scheduler"' },
  };
}
