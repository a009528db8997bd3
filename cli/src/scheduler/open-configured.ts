/** Opens the store that the scheduler's configuration names, as any verb would. */
import { type SchedulerConfig, secretValue } from "@datadb/scheduler";
import { printable } from "../output/printable.ts";
import { knownStores } from "../store/known-stores.ts";
import { type OpenStore, openStore } from "../store/open-store.ts";
import type { VerbContext } from "../verb.ts";

/** A minute bridges every clean end of another process. */
const LOCK_WAIT_MS = 60_000;

/** Throws what opening throws. `create`: make the store when there is none. */
export function openConfigured(
  { output, environment }: Pick<VerbContext, "output" | "environment">,
  { store }: SchedulerConfig,
  { create, signal }: { create: boolean; signal: AbortSignal },
): Promise<OpenStore> {
  return openStore(secretValue(store, "store", environment), {
    job: "scheduler",
    create,
    lockWaitMs: LOCK_WAIT_MS,
    note: (text) => output.note(printable(text)),
    warn: (text) => output.warn(printable(text)),
    environment,
    known: knownStores(environment),
    signal,
  });
}
