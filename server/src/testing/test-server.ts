/** A server on a store of its own, for tests: temporary directory, free ports. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../database.ts";
import { openServer, type Server, type ServerOptions } from "../listeners/open-server.ts";
import { createStore } from "../store/create-store.ts";
import { openDatabase } from "../store/open-database.ts";
import { type RawClient, rawClient } from "./raw-client.ts";

export interface TestServer {
  readonly directory: string;
  readonly database: Database;
  readonly server: Server;
  readonly port: number;
  readonly httpUrl: string;
  /** A new connection; all are closed with the server. */
  client(): Promise<RawClient>;
  close(): Promise<void>;
}

/** `config`: lines for config.yaml. */
export async function openTestServer(config = "", options: ServerOptions = {}): Promise<TestServer> {
  const parent = mkdtempSync(join(tmpdir(), "datadb-server-"));
  const directory = join(parent, "store");
  await createStore(directory);
  appendFileSync(join(directory, "config.yaml"), `\n${config}\n`);
  const database = await openDatabase(directory);
  const server = await openServer(database, { port: 0, httpPort: 0, ...options }).catch(
    async (error: unknown) => {
      await database.close();
      rmSync(parent, { recursive: true });
      throw error;
    },
  );
  const clients: RawClient[] = [];
  return {
    directory,
    database,
    server,
    port: server.port,
    httpUrl: `http://127.0.0.1:${server.http?.port}`,
    client: async () => {
      const client = await rawClient(server.port);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await server.close();
      await database.close();
      rmSync(parent, { recursive: true });
    },
  };
}
