/** How a local store is opened. */
import type { KnownStores } from "./known-stores.ts";

export interface StoreOptions {
  /** What this process does with the store: the verb, for the messages of others. */
  job: string;
  /** Make the store when there is none. */
  create: boolean;
  /** Open also what only a repair can use: a store whose log lost its end. */
  repair?: boolean;
  /** How long to wait for a holder that cannot be reached. */
  lockWaitMs: number;
  /** Receives what a person should know while it happens: a store was made, guests are waited for. */
  note: (text: string) => void;
  /** Receives what somebody should look at: a torn tail was cut, an index was made anew. */
  warn: (text: string) => void;
  environment: NodeJS.ProcessEnv;
  /** The guard against stores that went missing; absent: no guard. */
  known?: KnownStores | undefined;
  /** Ends waiting. */
  signal?: AbortSignal | undefined;
}
