/** Counters of a composition of backends, and the mirrors in it. */
import type { Backend, MirrorCare } from "@datadb/backends";

/** Every mirror, outer ones first. */
export function mirrorsIn({ mirror, inner }: Backend): MirrorCare[] {
  return [...(mirror === undefined ? [] : [mirror]), ...inner.flatMap(mirrorsIn)];
}

/** Counters by description, of all that count something; members of mirrors as `mirror ` and what they are. */
export function backendCounters(backend: Backend): Record<string, Record<string, number>> {
  const own = backend.counters();
  const counts: Record<string, Record<string, number>> = {};
  if (Object.keys(own).length > 0) counts[backend.description] = own;
  for (const { description, state, records, bytes, counters } of backend.mirror?.status() ?? []) {
    counts[`mirror ${description}`] = {
      ...counters,
      "member-up": state === "up" ? 1 : 0,
      "queue-records": records,
      "queue-bytes": bytes,
    };
  }
  return Object.assign(counts, ...backend.inner.map(backendCounters));
}
