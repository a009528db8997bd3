/** Backs up and restores over a Connection, wherever the store is. */
export { type CatOptions, cat } from "./cat/cat.ts";
export {
  type AffectedBackup,
  type CheckOptions,
  type CheckProgress,
  type CheckResult,
  check,
  type Finding,
} from "./check/check.ts";
export { liveTables } from "./check/live-tables.ts";
export {
  type Healer,
  type LostPlaces,
  localFiles,
  type RepairOptions,
  type RepairResult,
  repair,
} from "./check/repair.ts";
export { connect } from "./connect/connect.ts";
export type { ConnectOptions } from "./connect/connect-options.ts";
export { parseStoreFacts } from "./connect/store-facts.ts";
export type { Argument, Connection, LocalBlobs, StoreFacts } from "./connection.ts";
export { copyBackups } from "./copy/copy.ts";
export type { CopiedBackup, CopyOptions, CopyProgress, CopySummary } from "./copy/copy-options.ts";
export { type Change, type Difference, type DiffOptions, type DiffSide, diff } from "./diff/diff.ts";
export * from "./errors.ts";
export { type FindMatch, type FindOptions, find } from "./find/find.ts";
export { type Glob, parseGlob } from "./find/glob.ts";
export { applyKeepRules, type Decision, isIntact, type Retainable } from "./forget/apply-keep-rules.ts";
export {
  type ForgetOptions,
  type ForgetPlan,
  forgetBackups,
  planForget,
  type SeriesDecision,
} from "./forget/forget.ts";
export { hasKeepRule, type KeepCount, type KeepDuration, type KeepRules } from "./forget/keep-rules.ts";
export { parseKeepDuration } from "./forget/parse-keep-duration.ts";
export {
  type GlacierPlan,
  type GlacierStatus,
  type GlacierSync,
  type GlacierTier,
  glacierArchive,
  glacierRestore,
  glacierStatus,
  glacierSync,
} from "./glacier/glacier.ts";
export { type EndHold, holdBackups } from "./lease/hold-backup.ts";
export type { Backup } from "./list/backup.ts";
export { type BackupFilter, listBackups } from "./list/list-backups.ts";
export { listDirectory } from "./list/list-directory.ts";
export { type MirrorMember, mirrorMembers, type SyncOptions, syncMirror } from "./mirror/mirror-members.ts";
export { nativeSupport } from "./native/load-native.ts";
export { pinBackup, unpinBackup } from "./pin/pin-backup.ts";
export { approachDatabase, type DatabaseApproach } from "./postgres/backup/approach-database.ts";
export { isPostgresSource, type PostgresSource } from "./postgres/backup/postgres-source.ts";
export { holdsPassword, isPostgresUrl } from "./postgres/connect/parse-url.ts";
export { type PostgresTarget, postgresTarget } from "./postgres/connect/target.ts";
export { restoreDatabase } from "./postgres/restore/restore-database.ts";
export type {
  RestoreDatabaseOptions,
  RestoreDatabaseProgress,
  RestoreDatabaseSummary,
} from "./postgres/restore/restore-database-options.ts";
export { compareTables } from "./postgres/rows/compare-tables.ts";
export type { ReconnectOptions } from "./reconnect/reconnect-options.ts";
export { reconnecting } from "./reconnect/reconnecting.ts";
export { removeBackup } from "./remove/remove-backup.ts";
export { restore } from "./restore/restore.ts";
export type {
  RestoreOptions,
  RestoreProblem,
  RestoreProgress,
  RestoreSummary,
} from "./restore/restore-options.ts";
export { decodeName, encodeName } from "./selector/encode-name.ts";
export { endOfTime } from "./selector/end-of-time.ts";
export { parseSelector } from "./selector/parse-selector.ts";
export { type PartialTime, parsePartialTime } from "./selector/partial-time.ts";
export { resolveSelector } from "./selector/resolve-selector.ts";
export type { Selector, SelectorSubject } from "./selector/selector.ts";
export { localTimezone, zoneOffsetMs } from "./selector/zone-offset.ts";
export { type ShownBackup, showBackup } from "./show/show-backup.ts";
export { snapshot } from "./snapshot/snapshot.ts";
export type {
  SnapshotOptions,
  SnapshotProgress,
  SnapshotSource,
  SnapshotSummary,
} from "./snapshot/snapshot-options.ts";
export type { EntryProblem } from "./source/entry-problem.ts";
export { type TagChange, tag } from "./tag/tag-backup.ts";
export { fetchChains, type RecordChain } from "./tree/fetch-chains.ts";
export { contentOf, fetchContents } from "./tree/fetch-contents.ts";
export { fetchRecords } from "./tree/fetch-records.ts";
export { type NodeCache, nodeCache } from "./tree/node-cache.ts";
