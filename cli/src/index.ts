/**
 * datadb as a library: `openStore` gives a Connection to a local or remote store, and everything of @datadb/client
 * works on it.
 */
export * from "@datadb/client";
export { type OpenStore, openStore } from "./store/open-store.ts";
export type { StoreOptions } from "./store/store-options.ts";
