/** What the parts of one restore share. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { NodeCache } from "../tree/node-cache.ts";
import type { Restorer } from "./attributes.ts";
import type { Batches } from "./batches.ts";
import type { Directory } from "./directory.ts";
import type { DirectoryHandles } from "./directory-handles.ts";
import type { RestoreOptions } from "./restore-options.ts";
import type { Tally } from "./tally.ts";

export interface Run {
  connection: Connection;
  hash: HashAlgorithm;
  nodes: NodeCache;
  options: RestoreOptions;
  restorer: Restorer;
  handles: DirectoryHandles;
  batches: Batches;
  tally: Tally;
  /** One entry of a directory is finished, well or not. */
  finished(directory: Directory): void;
}
