/** What is encoded against a content at hand needs nothing but its own record. */
import { type BlobRecord, encodeBlob, encodeOnChain, hashOf } from "@datadb/protocol";
import { expect, test } from "vitest";
import type { Connection } from "../connection.ts";
import { fetchContents } from "./fetch-contents.ts";

test("a chain begins with the nearest content that is known, and is fetched no further", async () => {
  const versions = ["", " and more", " and more, and more"].map((end) =>
    Buffer.from(`${Array.from({ length: 4000 }, (_, i) => i * 7919).join(" ")}${end}`),
  );
  const names = versions.map((content) => hashOf("sha256", content));
  const chain: BlobRecord[] = [encodeBlob("data", names[0]!, versions[0]!)];
  const [, , third] = versions;
  const delta = encodeOnChain("sha256", "data", names[2]!, third!, chain);
  expect(delta.base).toEqual(names[0]);

  const asked: string[] = [];
  const connection = {
    local: {
      getRecords: async (_kind: string, wanted: readonly Buffer[]) =>
        wanted.map((name) => {
          asked.push(name.toString("hex"));
          return name.equals(names[2]!) ? delta : null;
        }),
    },
  } as unknown as Connection;
  const known = (name: Buffer): Buffer | undefined => versions[names.findIndex((one) => one.equals(name))];
  expect(await fetchContents(connection, "sha256", "data", [names[2]!], known)).toEqual([third]);
  expect(asked).toEqual([names[2]!.toString("hex")]);
  expect((await fetchContents(connection, "sha256", "data", [names[2]!]))[0]).toBeInstanceOf(Error);
  // What is said to be known is hashed as the rest: a wrong one gives no wrong content.
  const wrong = await fetchContents(connection, "sha256", "data", [names[2]!], () => versions[1]);
  expect(wrong[0]).toBeInstanceOf(Error);
});
