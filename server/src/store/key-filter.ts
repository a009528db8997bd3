/** Tells which keys were surely never added: a Bloom filter in which all bits of a key lie in one line of the processor's cache. */

/** A power of two: 2 MiB. One key in fifty is asked for in vain after 1.3 million. */
const BITS: number = 1 << 24;
/** Of 32 bits: 64 bytes, what the processor fetches at once. */
const LINE_WORDS = 16;
const LINES: number = BITS / 32 / LINE_WORDS;
/** Bits of a key within its line. */
const PROBES = 3;
/** Bits of a hash that tell a place in the line. */
const PLACE_BITS = 9;
/** What is looked at of a long key, besides its first byte. */
const LAST_BYTES = 8;

/** May say of any key that it was added; never that one was not that was. */
export interface KeyFilter {
  add(key: Uint8Array): void;
  mayHave(key: Uint8Array): boolean;
}

export function createKeyFilter(): KeyFilter {
  // Made with the first key: most indexes that are opened are never written.
  let words: Int32Array | null = null;
  let line = 0;
  let places = 0;

  /** Sets the first word of a key's line, and its places there. */
  function aim(key: Uint8Array): void {
    let hash = 0x811c9dc5 ^ key[0]!;
    // A long key ends with a name, which is a hash already: its last bytes tell it apart.
    for (let at = Math.max(1, key.length - LAST_BYTES); at < key.length; at++)
      hash = Math.imul(hash ^ key[at]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 12;
    line = (hash & (LINES - 1)) * LINE_WORDS;
    // Of all bits of it: those that tell the line would only tell the others again.
    places = Math.imul(hash ^ (hash >>> 11), 0x297a2d39);
    places ^= places >>> 15;
  }

  return {
    add(key) {
      words ??= new Int32Array(BITS / 32);
      aim(key);
      for (let probe = 0; probe < PROBES; probe++) {
        const place = places >>> (probe * PLACE_BITS);
        words[line + ((place >>> 5) & (LINE_WORDS - 1))]! |= 1 << (place & 31);
      }
    },
    mayHave(key) {
      if (words === null) return false;
      aim(key);
      for (let probe = 0; probe < PROBES; probe++) {
        const place = places >>> (probe * PLACE_BITS);
        if ((words[line + ((place >>> 5) & (LINE_WORDS - 1))]! & (1 << (place & 31))) === 0) return false;
      }
      return true;
    },
  };
}
