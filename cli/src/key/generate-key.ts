/** datadb key generate: a new key file. */
import { randomBytes } from "node:crypto";
import { encodeKeyFile, KEY_SECRET_BYTES } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { writePrivate } from "./write-private.ts";

export async function generateKey({ output }: VerbContext, [path = ""]: readonly string[]): Promise<number> {
  await writePrivate(path, encodeKeyFile(randomBytes(KEY_SECRET_BYTES)));
  output.note(`made the key file ${printable(path)}`);
  output.note("keep a copy elsewhere: what is encrypted with it is lost without it");
  output.record({ type: "summary", file: path });
  return EXIT.done;
}
