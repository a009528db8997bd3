/** The verbs, in the order of the help. A new verb is a file in verbs/ and a line here. */
import type { Verb } from "./verb.ts";

/** Each verb loads only when it is needed: start-up time is what a person notices. */
export const VERB_TABLE: Readonly<Record<string, () => Promise<Verb>>> = {
  init: async () => (await import("./verbs/init.ts")).init,
  server: async () => (await import("./verbs/server.ts")).server,
  snapshot: async () => (await import("./verbs/snapshot.ts")).snapshotVerb,
  ls: async () => (await import("./verbs/ls.ts")).ls,
  show: async () => (await import("./verbs/show.ts")).show,
  cat: async () => (await import("./verbs/cat.ts")).cat,
  restore: async () => (await import("./verbs/restore.ts")).restoreVerb,
  diff: async () => (await import("./verbs/diff.ts")).diffVerb,
  mount: async () => (await import("./verbs/mount.ts")).mountVerb,
  find: async () => (await import("./verbs/find.ts")).findVerb,
  copy: async () => (await import("./verbs/copy.ts")).copy,
  glacier: async () => (await import("./verbs/glacier.ts")).glacier,
  rm: async () => (await import("./verbs/rm.ts")).rm,
  forget: async () => (await import("./verbs/forget.ts")).forget,
  gc: async () => (await import("./verbs/gc.ts")).gc,
  pin: async () => (await import("./verbs/pin.ts")).pin,
  unpin: async () => (await import("./verbs/unpin.ts")).unpin,
  tag: async () => (await import("./verbs/tag.ts")).tagVerb,
  backend: async () => (await import("./verbs/backend.ts")).backend,
  mirror: async () => (await import("./verbs/mirror.ts")).mirror,
  check: async () => (await import("./verbs/check.ts")).check,
  stats: async () => (await import("./verbs/stats.ts")).stats,
  rebuild: async () => (await import("./verbs/rebuild.ts")).rebuild,
  key: async () => (await import("./verbs/key.ts")).keyVerb,
  scheduler: async () => (await import("./verbs/scheduler.ts")).scheduler,
  completion: async () => (await import("./verbs/completion.ts")).completion,
};

/** All verbs, loaded: for help and completion. */
export function loadVerbs(): Promise<readonly Verb[]> {
  return Promise.all(Object.values(VERB_TABLE).map((load) => load()));
}
