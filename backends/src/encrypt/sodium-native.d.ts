/** The part of sodium-native that is used here; the package brings no types. */
declare module "sodium-native" {
  interface Sodium {
    /** Seals `message` into `sealed` and `tag`; `sealed` may be `message`. */
    crypto_secretbox_detached(
      sealed: Uint8Array,
      tag: Uint8Array,
      message: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): void;
    /** False when the tag is not that of `sealed`. */
    crypto_secretbox_open_detached(
      message: Uint8Array,
      sealed: Uint8Array,
      tag: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): boolean;
    crypto_pwhash_async(
      output: Uint8Array,
      passphrase: Uint8Array,
      salt: Uint8Array,
      passes: number,
      memoryBytes: number,
      algorithm: number,
    ): Promise<void>;
    readonly crypto_pwhash_ALG_ARGON2ID13: number;
  }
  const sodium: Sodium;
  export default sodium;
}
