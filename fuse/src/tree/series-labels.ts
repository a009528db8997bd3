/** The names under which series appear: their own, with host and id only where two would be the same. */
import { createHash } from "node:crypto";
import { type Backup, encodeName } from "@datadb/client";

/** Names of files have at most 255 bytes; what is longer is shown by the series' id. */
const MOST_BYTES = 200;
const ID_DIGITS = 12;

/** A series with its backups of one name, newest first. Backups of a series may have different names: each name leads to its own. */
export interface Series {
  label: string;
  backups: Backup[];
}

/**
 * Series by label. `docs`; `docs@web1` where several hosts have a docs; `docs@web1@3f9a1c20b2d4` where one host has several.
 * Names are encoded as in selectors, so that the signs between the parts are none of a name.
 */
export function labelSeries(backups: readonly Backup[]): Map<string, Series> {
  const series = new Map<string, Backup[]>();
  for (const backup of backups) {
    const key = `${backup.snapshot}/${backup.name}`;
    const known = series.get(key);
    if (known === undefined) series.set(key, [backup]);
    else known.push(backup);
  }
  const all = [...series.values()];
  const labels = distinct(all, [
    ({ name }) => nameLabel(name),
    ({ name, host }) => `${nameLabel(name)}@${encodeName(host)}`,
    ({ name, host, snapshot }) => `${nameLabel(name)}@${encodeName(host)}@${snapshot.slice(0, ID_DIGITS)}`,
    ({ snapshot }) => snapshot,
    ({ name, snapshot }) => `${snapshot}@${digest(name)}`,
  ]);
  return new Map(
    all
      .map((own, index): [string, Series] => [labels[index]!, { label: labels[index]!, backups: own }])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The first form for each that no other series shares in that form. */
function distinct(all: readonly Backup[][], forms: readonly ((newest: Backup) => string)[]): string[] {
  const labels: string[] = new Array(all.length).fill("");
  let open = all.map((_, index) => index);
  for (const form of forms) {
    const texts = new Map<string, number[]>();
    for (const index of open) {
      const text = form(all[index]![0]!);
      texts.set(text, [...(texts.get(text) ?? []), index]);
    }
    open = [];
    for (const [text, indexes] of texts) {
      const fits = Buffer.byteLength(text) <= MOST_BYTES;
      if (indexes.length === 1 && fits) labels[indexes[0]!] = text;
      else open.push(...indexes);
    }
  }
  return labels;
}

function digest(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, ID_DIGITS);
}

function nameLabel(name: string): string {
  const encoded = encodeName(name).replaceAll("\0", "%00");
  return /^\.{0,2}$/.test(encoded) ? `%${encoded.replaceAll(".", "2E%").slice(0, -1)}` : encoded;
}
