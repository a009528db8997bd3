/** A verified request, and the answer to one. */
import type { ServerState } from "./bucket-state.ts";

export interface HandledRequest {
  state: ServerState;
  method: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
  checksum: { name: string; value: string } | null;
  /** Lists answer with at most so many keys. */
  pageLimit: number;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
}
