/** What tests and the cases of the contract read of a backend. */
import type { BlobRecord, RecordKind } from "@datadb/protocol";
import type { Backend, PackListing } from "../backend.ts";

/** Every listing of a kind. */
export async function listings(backend: Backend, kind: RecordKind): Promise<PackListing[]> {
  const all: PackListing[] = [];
  for await (const listing of backend.list(kind)) all.push(listing);
  return all;
}

/** The names that the packs of a kind hold, sorted, as hex. */
export async function listedNames(backend: Backend, kind: RecordKind): Promise<string[]> {
  const names = (await listings(backend, kind)).flatMap(({ records }) =>
    records.map(({ name }) => name.toString("hex")),
  );
  return names.sort();
}

/** Names of records. */
export function namesOf(records: readonly BlobRecord[]): Buffer[] {
  return records.map(({ name }) => name);
}
