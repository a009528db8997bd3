/** What a backend offers whose every request costs money and time: who needs many records plans what to ask for. */
import type { Backend } from "./backend.ts";

/** Packs are those of data, by the names that statMany gives them. */
export interface DistantReads {
  /** All nodes are about to be read: each of their packs that is not here is asked for as a whole when it is needed first. */
  expectNodes(): void;
  /** Whether records of a pack can be read without asking the service. */
  near(pack: string): boolean;
  /**
   * Asks for a range of a pack with one request, unless it is in memory. Records there are then read without asking, until what is read after them
   * takes their place. Resolves with the bytes that were asked for. A pack that is missing is no error: getMany says so.
   */
  bring(pack: string, from: number, to: number, signal?: AbortSignal): Promise<number>;
}

/** Undefined where reads cost no requests. */
export function distantIn(backend: Backend): DistantReads | undefined {
  if (backend.distant !== undefined) return backend.distant;
  // A mirror knows which of its members is read, and by what names.
  if (backend.type === "mirror") return undefined;
  for (const inner of backend.inner) {
    const found = distantIn(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
