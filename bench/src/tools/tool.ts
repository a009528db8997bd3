/** What the bench asks of a backup program. */
import type { Command } from "../measure.ts";

export interface Tool {
  name: string;
  /** Its version and the settings that matter, for the report. */
  version: string;
  /** A repository that does not exist yet, at this path. */
  repository(path: string): Repository;
}

export interface Repository {
  init: Command;
  /** Backs the directory up. Its path stays the same for all backups of a series. */
  backup(source: string): Command;
  /** Restores the newest backup of the source into an empty directory. */
  restore(source: string, target: string): Command;
  /** Forgets all backups but the newest, and gives back the space of what they alone used: commands in turn, the last one gives it back. */
  forgetOlder(older: string): readonly Command[];
  /** Where the restored content lies below the target. */
  restored(source: string, target: string): string;
}
