/** What a backend with cold data offers beyond the contract: it fetches hours ahead what is to be read. */

export type Tier = "Expedited" | "Standard" | "Bulk";

/** How far a retrieval is. */
export interface ColdPlan {
  /** Records that were asked for and cannot be read yet. */
  records: number;
  /** Archives that they lie in, and bytes of these that have to be retrieved. */
  archives: number;
  bytes: number;
  /** Retrievals under way. */
  waiting: number;
}

/** How far the catalogue is. */
export interface ColdSync {
  /** `no-inventory`: the service has not made one yet; it does so about once a day. */
  state: "done" | "waiting" | "no-inventory";
  archives: number;
  /** Archives that the catalogue has and the inventory has not: too young for it, or gone. */
  missing: number;
}

export interface ColdStatus {
  place: string;
  /** As the catalogue has it. */
  archives: number;
  bytes: number;
  /** Bytes of data packs that can be read: not archived yet, or retrieved. */
  staged: number;
  /** Jobs under way. */
  jobs: number;
  /** As the service says of the vault, at the time of its last inventory. */
  vault: { archives: number; bytes: number; inventory: string | null };
}

/** All of it goes on where it was, after a kill as after days: call it again until it says that it is done. */
export interface ColdStorage {
  status(): Promise<ColdStatus>;
  /** Moves what is staged into archives. `dropRetrieved`: what was retrieved from archives is forgotten where it can be read. */
  archive(options?: {
    signal?: AbortSignal;
    dropRetrieved?: boolean;
  }): Promise<{ archives: number; bytes: number }>;
  /** Compares the catalogue with what is there, and makes it anew where it is lost. */
  sync(tier: Tier): Promise<ColdSync>;
  /** What of these data records has to be retrieved. With `start` asks for it, and takes what has come. */
  thaw(names: readonly Buffer[], tier: Tier, start: boolean): Promise<ColdPlan>;
}
