/** What a person types to name a backup, taken apart. */
import type { PartialTime } from "./partial-time.ts";

/** Which backups a selector speaks of, before any time is applied. */
export type SelectorSubject =
  | { kind: "latest" }
  /** `name` is decoded; `id` is set when the text could also be the start of an id (8 hex digits or more). */
  | { kind: "name"; host?: string; name: string; id?: string };

/** NAME, HOST/NAME, id or `latest`, then `@TIME`, then `:PATH`. */
export interface Selector {
  /** As typed, for messages. */
  text: string;
  subject: SelectorSubject;
  /** The newest backup at or before the end of this period. */
  time?: PartialTime;
  /** Path inside the backup, without slashes at its ends; absent and "" both mean the root. */
  path?: string;
}
