/** Which names of a directory a scan looks at, before patterns are asked. */
import { readFileSync } from "node:fs";
import type { EntryStat } from "../native/native.ts";
import { pathBytes } from "./entry-path.ts";
import { isStore, looksLikeStore } from "./is-store.ts";
import type { OpenDirectory } from "./open-directory.ts";
import type { ScanRules, ScanUnit } from "./scan-unit.ts";

const CACHE_TAG = "CACHEDIR.TAG";
const CACHE_TAG_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55";

/** Names in byte order, and the patterns of the directory's .gitignore where they are asked for. */
export interface ListedNames {
  names: string[];
  ignore?: string;
  /** It is the store that the backup goes to: nothing of it belongs in a backup. */
  isStore?: boolean;
}

/** Throws what node:fs throws when the directory cannot be listed. `self`: the directory's own stat. */
export function listNames(
  directory: OpenDirectory,
  unit: ScanUnit,
  rules: ScanRules,
  self: EntryStat,
): ListedNames {
  if (unit.part !== undefined) return { names: unit.part };
  // A mount point is kept, what is mounted there is not.
  if (unit.device !== undefined && unit.device !== `${self.deviceMajor}:${self.deviceMinor}`)
    return { names: [] };
  const names = directory.names();
  if (looksLikeStore(names) && isStore(pathBytes(unit.path), rules.storeId))
    return { names: [], isStore: true };
  if (rules.excludeCaches && names.includes(CACHE_TAG)) {
    if (readText(unit.path, CACHE_TAG).startsWith(CACHE_TAG_SIGNATURE)) return { names: [CACHE_TAG] };
  }
  if (rules.gitignore && names.includes(".gitignore"))
    return { names, ignore: readText(unit.path, ".gitignore") };
  return { names };
}

/** "" when it cannot be read: that is reported when its turn as an entry comes. */
function readText(directory: string, name: string): string {
  try {
    return readFileSync(pathBytes(`${directory}/${name}`), "utf8");
  } catch {
    return "";
  }
}
