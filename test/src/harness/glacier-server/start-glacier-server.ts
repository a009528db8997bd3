/** Amazon Glacier's vault API in this process: archives, jobs that take hours of a clock that tests set, inventories that lag. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { S3Fault } from "../s3-server/s3-fault.ts";
import { verifySignature } from "../s3-server/signature.ts";
import { GlacierFault, notFound } from "./glacier-fault.ts";
import { type Answer, operate } from "./operations.ts";
import { newVault, type Vault } from "./vault.ts";

export interface GlacierServer {
  endpoint: string;
  vault(name: string): Vault;
  /** Lets time pass. */
  advance(milliseconds: number): void;
  /** What happens about once a day: what was uploaded and deleted so far becomes visible to inventories. */
  runInventory(name: string): void;
  /** Requests so far, by method and kind of path. */
  readonly counts: Map<string, number>;
  /** Answers before the request is looked at, when it returns one. */
  fault: (request: { method: string; path: string }) => GlacierFault | null;
  /** While set, told of each request instead of an answer to whoever asked. */
  silence: (() => void) | null;
  close(): Promise<void>;
}

export async function startGlacierServer(vaults: readonly string[]): Promise<GlacierServer> {
  const all = new Map(vaults.map((name) => [name, newVault()]));
  let now = Date.UTC(2026, 0, 1);
  const counts = new Map<string, number>();
  const vaultOf = (name: string): Vault => {
    const found = all.get(name);
    if (found === undefined) throw notFound(`Vault ${name}`);
    return found;
  };
  const answer = (request: IncomingMessage, body: Buffer): Answer => {
    const { pathname } = new URL(request.url ?? "/", "http://glacier");
    const method = request.method ?? "";
    const [, , , name = "", ...rest] = pathname.split("/").map(decodeURIComponent);
    const kind = `${method} ${rest[0] ?? "vault"}${rest[2] === undefined ? "" : `/${rest[2]}`}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const fault = server.fault({ method, path: pathname });
    if (fault !== null) throw fault;
    const headers = request.headers as Record<string, string | undefined>;
    verify(request, body);
    if (headers["x-amz-glacier-version"] !== "2012-06-01")
      throw new GlacierFault(400, "MissingParameterValueException", "x-amz-glacier-version is missing");
    return operate(vaultOf(name), { method, rest, headers, body, now });
  };
  const http = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (server.silence) server.silence();
    else send(response, () => answer(request, Buffer.concat(parts)));
  });
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  const server: GlacierServer = {
    endpoint: `http://127.0.0.1:${(http.address() as { port: number }).port}`,
    vault: vaultOf,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    runInventory(name) {
      vaultOf(name).inventory = { date: now, list: [...vaultOf(name).archives.values()] };
    },
    counts,
    fault: () => null,
    silence: null,
    close: () =>
      new Promise((done) => {
        http.close(() => done());
        http.closeAllConnections();
      }),
  };
  return server;
}

/** What the vaults' owner signs with. */
const OWNER = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

function verify(request: IncomingMessage, body: Buffer): void {
  try {
    verifySignature(request, [OWNER], "us-east-1", new Set(), { service: "glacier", body });
  } catch (error) {
    if (!(error instanceof S3Fault)) throw error;
    throw new GlacierFault(403, "InvalidSignatureException", `${error.code}: ${error.message}`);
  }
}

function send(response: ServerResponse, make: () => Answer): void {
  try {
    const { status, headers = {}, json, body } = make();
    response.writeHead(status, {
      ...headers,
      ...(json === undefined ? {} : { "content-type": "application/json" }),
    });
    response.end(json === undefined ? body : JSON.stringify(json));
  } catch (error) {
    const { status, code, message } =
      error instanceof GlacierFault
        ? error
        : new GlacierFault(500, "ServiceUnavailableException", String(error));
    response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": code });
    response.end(JSON.stringify({ code, message, type: "Client" }));
  }
}
