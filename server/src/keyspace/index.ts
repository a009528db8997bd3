/** What commands need of the keyspace: functions over a View. */
export type { KeyType } from "./header.ts";
export { hashEntries, hashGet, hashLength } from "./read-hash.ts";
export { countKeys, keyType, scanKeys } from "./read-keys.ts";
export { type ListRange, listGet, listLength, listRange } from "./read-list.ts";
export { setHas, setMembers, setSize } from "./read-set.ts";
export { readString } from "./read-string.ts";
export { RESERVED_DATABASE, RESERVED_KEYS } from "./reserved-database.ts";
