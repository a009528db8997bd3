/** Tells which keys were surely never added: a Bloom filter. */

/** A power of two: 2 MiB, which the processor's cache holds. One key in a hundred is asked for in vain after 1.3 million. */
const BITS: number = 1 << 24;
const PROBES = 3;

/** May say of any key that it was added; never that one was not that was. */
export interface KeyFilter {
  add(key: Uint8Array): void;
  mayHave(key: Uint8Array): boolean;
}

export function createKeyFilter(): KeyFilter {
  // Made with the first key: most indexes that are opened are never written.
  let words: Int32Array | null = null;
  let first = 0;
  let step = 0;

  /** Sets where the bits of a key begin, and how far each is from the next. */
  function aim(key: Uint8Array): void {
    let hash = 0x811c9dc5;
    for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key[at]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    first = hash ^ (hash >>> 12);
    // Of all bits of it: those that tell the first place would only tell the others again.
    step = Math.imul(first ^ (first >>> 11), 0x297a2d39) | 1;
  }

  return {
    add(key) {
      words ??= new Int32Array(BITS / 32);
      aim(key);
      for (let probe = 0; probe < PROBES; probe++) {
        const bit = (first + probe * step) & (BITS - 1);
        words[bit >>> 5]! |= 1 << (bit & 31);
      }
    },
    mayHave(key) {
      if (words === null) return false;
      aim(key);
      for (let probe = 0; probe < PROBES; probe++) {
        const bit = (first + probe * step) & (BITS - 1);
        if ((words[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
      }
      return true;
    },
  };
}
