/** The Range header. */
import { S3Fault } from "./s3-fault.ts";

/** What `bytes=a-b`, `bytes=a-` or `bytes=-n` means for so many bytes; null without a header. `to` is excluded. */
export function byteRange(header: string | undefined, length: number): { from: number; to: number } | null {
  if (header === undefined) return null;
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === "" && last === "") return null;
  const from = first === "" ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === "" || last === "" ? length : Math.min(length, Number(last) + 1);
  if (from >= length || to <= from)
    throw new S3Fault(416, "InvalidRange", "the requested range is not satisfiable", {
      "content-range": `bytes */${length}`,
    });
  return { from, to };
}
