/** What went into a wrapper that copies records, or through it, and came out: under the names that leaves count it by. */
import type { BlobRecord } from "@datadb/protocol";

/** Running totals: records, and bytes of their payloads. */
export interface Traffic {
  uploaded: number;
  uploadedBytes: number;
  downloaded: number;
  downloadedBytes: number;
}

/** Nothing yet. */
export function noTraffic(): Traffic {
  return { uploaded: 0, uploadedBytes: 0, downloaded: 0, downloadedBytes: 0 };
}

/** Counts records that were put. */
export function countUploaded(traffic: Traffic, records: readonly BlobRecord[]): void {
  traffic.uploaded += records.length;
  for (const { payload } of records) traffic.uploadedBytes += payload.length;
}

/** Counts records that were read; those that are null were not there. */
export function countDownloaded(traffic: Traffic, records: readonly (BlobRecord | null)[]): void {
  for (const record of records) {
    if (record === null) continue;
    traffic.downloaded += 1;
    traffic.downloadedBytes += record.payload.length;
  }
}

/** As Backend.counters has them. */
export function trafficCounters(traffic: Traffic): Record<string, number> {
  return {
    "blobs-uploaded": traffic.uploaded,
    "bytes-uploaded": traffic.uploadedBytes,
    "blobs-downloaded": traffic.downloaded,
    "bytes-downloaded": traffic.downloadedBytes,
  };
}
