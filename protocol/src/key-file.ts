/** Key files: a random secret as one line of text, which can also be kept on paper or in a variable. */
import { hash } from "node:crypto";
import { DecodeError, FormatTooNewError } from "./errors.ts";

/** Bytes of the secret in a key file. */
export const KEY_SECRET_BYTES = 32;

const PREFIX = "datadb-key-";
const VERSION = 1;
const CHECK_BYTES = 4;
const DOMAIN: Buffer = Buffer.from("datadb/key-file\0");

function checkOf(secret: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([DOMAIN, secret]), "buffer").subarray(0, CHECK_BYTES);
}

/** The text of a key file with this secret, which has KEY_SECRET_BYTES. */
export function encodeKeyFile(secret: Uint8Array): string {
  if (secret.length !== KEY_SECRET_BYTES) throw new TypeError(`a key has ${KEY_SECRET_BYTES} bytes`);
  return `${PREFIX}${VERSION}:${Buffer.concat([secret, checkOf(secret)]).toString("base64url")}\n`;
}

/** The secret in the text of a key file; white space around it is ignored. Throws DECODE, which never quotes it, or FORMAT_TOO_NEW. */
export function decodeKeyFile(text: string): Buffer {
  const [, version, encoded] = /^datadb-key-(\d{1,9}):([\w-]+)$/.exec(text.trim()) ?? [];
  if (version === undefined || encoded === undefined) throw new DecodeError("this is no key file of datadb");
  if (Number(version) !== VERSION) {
    throw new FormatTooNewError(`the key file has version ${version}, this datadb knows ${VERSION}`);
  }
  const bytes = Buffer.from(encoded, "base64url");
  const secret = bytes.subarray(0, KEY_SECRET_BYTES);
  const whole = bytes.length === KEY_SECRET_BYTES + CHECK_BYTES && bytes.toString("base64url") === encoded;
  if (!whole || !checkOf(secret).equals(bytes.subarray(KEY_SECRET_BYTES)))
    throw new DecodeError("the key in the key file is not whole: a character is missing or was changed");
  return secret;
}
