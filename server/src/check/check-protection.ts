/** What places outside this machine do by themselves against deletion: told, never a finding. */
import type { Backend } from "@datadb/backends";
import type { CheckPart, CheckState } from "./check-source.ts";

function* leaves(backend: Backend): Generator<Backend> {
  if (backend.inner.length === 0) yield backend;
  for (const inner of backend.inner) yield* leaves(inner);
}

export async function* checkProtection({ source }: CheckState): CheckPart {
  for (const leaf of leaves(source.backend)) {
    for (const message of (await leaf.protection?.()) ?? []) yield { type: "note", message };
  }
}
