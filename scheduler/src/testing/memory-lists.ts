/** For tests: a store that knows nothing but lists and a list of backups. */
import type { Argument, Connection } from "@datadb/client";
import type { PlainReply } from "@datadb/protocol";

export interface MemoryLists {
  connection: Connection;
  lists: Map<string, Map<number, string>>;
  /** Connections that are open at the moment; open() counts. */
  opened: number;
  open(): Promise<Connection>;
  /** When set, every command and every opening fails with it. */
  failure: Error | undefined;
}

export function memoryLists(): MemoryLists {
  const lists = new Map<string, Map<number, string>>();
  const call = async (...args: Argument[]): Promise<PlainReply> => {
    if (store.failure) throw store.failure;
    const [name, key, ...rest] = args.map(String) as [string, string, ...string[]];
    const list = lists.get(key) ?? new Map<number, string>();
    if (name === "BACKUPS") return [];
    if (name === "LITER") {
      const sorted = [...list].sort(([a], [b]) => a - b);
      return sorted.flatMap(([index, value]) => [Buffer.from(String(index)), Buffer.from(value)]);
    }
    if (name === "LADD") list.set(Number(rest[0]), rest[1]!);
    else if (name === "LDEL") for (const index of rest) list.delete(Number(index));
    else throw new Error(`not in this test: ${name}`);
    lists.set(key, list);
    return "OK";
  };
  const connection: Connection = {
    call,
    facts: () => Promise.reject(new Error("not in this test")),
    close: async () => undefined,
  };
  const store: MemoryLists = {
    connection,
    lists,
    opened: 0,
    failure: undefined,
    async open() {
      if (store.failure) throw store.failure;
      store.opened++;
      return {
        ...connection,
        close: async () => {
          store.opened--;
        },
      };
    },
  };
  return store;
}
