/** The part of sodium-native that is used here; the package brings no types. */
declare module "sodium-native" {
  interface Sodium {
    /** Seals `message` into `box`, authenticator first; `message` may be the rest of `box`. */
    crypto_secretbox_easy(box: Uint8Array, message: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
    /** False when `box` was not sealed with this nonce and key. */
    crypto_secretbox_open_easy(
      message: Uint8Array,
      box: Uint8Array,
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
