/** The HTTP listener: monitor, counters, metrics, health. */
import type { TlsOptions } from "node:tls";
import type { Right } from "@datadb/protocol";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { ServerState } from "../session/server-state.ts";
import { authorize } from "./authorize.ts";
import { debugVars } from "./debug-vars.ts";
import { METRICS_TYPE, metricsText } from "./metrics-text.ts";
import { streamMonitor } from "./monitor-stream.ts";
import { serverMetrics } from "./server-metrics.ts";

export interface HttpOptions {
  host: string;
  port: number;
  tls?: TlsOptions | undefined;
}

export interface HttpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Requests are a line and some headers; bodies are not read. */
const MAX_BODY_BYTES = 1024;
const MAX_CONNECTIONS = 256;
const HEADERS_TIMEOUT_MS = 10_000;

/** Listens. Rejects with the system's error (EADDRINUSE ...). */
export async function openHttp(server: ServerState, options: HttpOptions): Promise<HttpListener> {
  const app: FastifyInstance = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    requestTimeout: HEADERS_TIMEOUT_MS,
    ...(options.tls === undefined ? {} : { https: options.tls }),
  } as object);
  app.server.maxConnections = MAX_CONNECTIONS;
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  const need =
    (right: Right) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const refusal = await authorize(server, request.headers, right);
      if (refusal === null) return;
      if (refusal.status === 401) reply.header("www-authenticate", 'Basic realm="datadb"');
      await reply.code(refusal.status).type("text/plain").send(`${refusal.message}\n`);
    };
  app.get("/healthz", async (_request, reply) => {
    const reason = server.database.commits.readOnlyReason();
    reply.code(reason === null ? 200 : 503).type("text/plain");
    return reason === null ? "ok\n" : "read-only: the server's log and INFO have the reason\n";
  });
  app.get("/debug/vars", { onRequest: need("read") }, async () => debugVars(server));
  app.get("/metrics", { onRequest: need("read") }, async (_request, reply) => {
    reply.type(METRICS_TYPE);
    return metricsText(serverMetrics(server));
  });
  app.get("/debug/monitor", { onRequest: need("admin") }, (_request, reply) => {
    reply.hijack();
    streamMonitor(server.monitor, reply.raw);
  });
  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: () => app.close(),
  };
}
