/** What a running job tells about itself. */
export interface ProgressState {
  entries: number;
  bytes: number;
  /** What `entries` counts, in the plural; entries when absent. */
  unit?: string;
  /** Known once the source was scanned; the ETA needs it. */
  totalEntries?: number | undefined;
  totalBytes?: number | undefined;
  /** What is being worked on now. */
  current?: string | undefined;
}

/** One line of progress that is redrawn in place. */
export interface Progress {
  /** Cheap: may be called for every entry. */
  update(state: ProgressState): void;
  /** Clears the line until the next redraw, so that something else can be printed. */
  hide(): void;
  /** Clears the line for good. */
  done(): void;
}
