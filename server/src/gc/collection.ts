/** What a garbage collection is asked, and what it answers. */

/** How garbage is collected. */
export interface CollectOptions {
  /** Nothing is changed; the summary says what would be removed. */
  dryRun?: boolean;
  /** Ends when the index lacks what is not needed: no checkpoint is written before, and no space returned after. */
  sweepOnly?: boolean;
  /**
   * Packs are rewritten when more than this part of them, 0 to 1, is garbage, and chains of differences when more than this part of them is only
   * there for one blob; 0.1 by default.
   */
  unused?: number;
  signal?: AbortSignal;
}

/** What a collection did. */
export interface CollectSummary {
  /** Blobs that were removed, and the bytes of their records, less what the records that were encoded anew take more. */
  blobs: number;
  bytes: number;
  /** Blobs that stay. */
  kept: number;
  /** Blobs that were encoded anew, because only they needed their bases. */
  detached: number;
  /** See CompactSummary: packs deleted; bytes returned beyond those that were encoded anew, written anew, and left unused. */
  packs: number;
  returned: number;
  rewritten: number;
  unused: number;
  seconds: number;
}

/** For INFO and metrics. */
export interface CollectorFacts {
  /** What is done now: `counting`, `marking`, `sweeping`, `compacting`; empty when nothing is. */
  phase: string;
  done: number;
  total: number;
  /** Since the store was opened. */
  runs: number;
  blobs: number;
  returned: number;
}
