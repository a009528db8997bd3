/** Sealing with NaCl secretbox, by libsodium where its prebuilt binary loads and by JavaScript elsewhere: the same bytes. */
import { argon2 } from "node:crypto";
import { promisify } from "node:util";
import { BackendUnavailableError } from "@datadb/protocol";

/** Bytes of a key, a nonce, and the authenticator in front of what is sealed. */
export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;
/** Bytes of the salt of a passphrase. */
export const SALT_BYTES = 16;

/** How much work it is to try a passphrase: argon2id with one lane. */
export interface PassphraseCost {
  readonly passes: number;
  readonly memoryKiB: number;
}

/** The primitives. Buffers that are written must not overlap others, unless it says so. */
export interface Secretbox {
  readonly implementation: "sodium" | "tweetnacl";
  /** Seals in place: `box` holds TAG_BYTES of room and the message; afterwards it is the box. */
  seal(box: Buffer, nonce: Buffer, key: Buffer): void;
  /** Writes the message of `box` to `target`, TAG_BYTES shorter; false, with `target` of no meaning, when it was not sealed so. */
  open(target: Buffer, box: Buffer, nonce: Buffer, key: Buffer): boolean;
  /** KEY_BYTES made of a passphrase. */
  derive(passphrase: Buffer, salt: Buffer, cost: PassphraseCost): Promise<Buffer>;
}

async function openSodium(): Promise<Secretbox> {
  const { default: sodium } = await import("sodium-native");
  return {
    implementation: "sodium",
    seal(box, nonce, key) {
      sodium.crypto_secretbox_easy(box, box.subarray(TAG_BYTES), nonce, key);
    },
    open: (target, box, nonce, key) => sodium.crypto_secretbox_open_easy(target, box, nonce, key),
    async derive(passphrase, salt, { passes, memoryKiB }) {
      const output = Buffer.alloc(KEY_BYTES);
      const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13;
      await sodium.crypto_pwhash_async(output, passphrase, salt, passes, memoryKiB * 1024, algorithm);
      return output;
    },
  };
}

async function openTweetnacl(): Promise<Secretbox> {
  const { default: nacl } = await import("tweetnacl");
  return {
    implementation: "tweetnacl",
    seal(box, nonce, key) {
      box.set(nacl.secretbox(box.subarray(TAG_BYTES), nonce, key));
    },
    open(target, box, nonce, key) {
      const message = nacl.secretbox.open(box, nonce, key);
      if (message !== null) target.set(message);
      return message !== null;
    },
    async derive(passphrase, salt, { passes, memoryKiB }) {
      if (typeof argon2 !== "function") {
        throw new BackendUnavailableError("passphrases need argon2id, which this Node does not have", {
          next: "use Node 24.7 or newer, a system for which sodium-native has a binary, or a key file",
        });
      }
      const parameters = { message: passphrase, nonce: salt, parallelism: 1, tagLength: KEY_BYTES };
      return promisify(argon2)("argon2id", { ...parameters, memory: memoryKiB, passes });
    },
  };
}

let opened: Promise<Secretbox> | undefined;

/** The one to use here; `DATADB_SECRETBOX=tweetnacl` does without the binary. */
export function openSecretbox(): Promise<Secretbox> {
  opened ??=
    process.env["DATADB_SECRETBOX"] === "tweetnacl" ? openTweetnacl() : openSodium().catch(openTweetnacl);
  return opened;
}

/** One of the two by name, so that they can be compared. */
export function secretboxOf(implementation: Secretbox["implementation"]): Promise<Secretbox> {
  return implementation === "sodium" ? openSodium() : openTweetnacl();
}
