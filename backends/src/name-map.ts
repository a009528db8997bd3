/** A map whose keys are names. A Map would need each name as a string, made for every question: that, and finding it, took a tenth of a first backup. */

const LEAST_PLACES = 1024;
/** What an empty map keeps at most: to grow anew with every batch costs as much as all else that is done with its names. */
const KEPT_PLACES: number = 16 * LEAST_PLACES;

/** Values by name; as Map, but for what is said here. */
export interface NameMap<V> {
  readonly size: number;
  get(name: Buffer): V | undefined;
  has(name: Buffer): boolean;
  set(name: Buffer, value: V): void;
  delete(name: Buffer): boolean;
  /** All of them as of now, in no order. */
  values(): V[];
}

/** So that nobody can choose names that are slow to find. */
const SEEDS = crypto.getRandomValues(new Int32Array(3));
const [FIRST, SECOND, THIRD] = [SEEDS[0]! | 1, SEEDS[1]!, SEEDS[2]! | 1];

/** Names are hashes: eight of their bytes tell them apart. 32 bits, never 0. */
export function hashOfName(name: Buffer): number {
  const low = name[0]! | (name[1]! << 8) | (name[2]! << 16) | (name[3]! << 24);
  const high = name[4]! | (name[5]! << 8) | (name[6]! << 16) | (name[7]! << 24);
  const half = Math.imul(low ^ SECOND, FIRST);
  const whole = Math.imul(half ^ (half >>> 15) ^ high, THIRD);
  return whole ^ (whole >>> 13) || 1;
}

/**
 * Open addressing: a value lies at the first free place from the one on that its hash tells. At least half of the places are free. A class, since of the
 * functions of several closures the compiler assumes more than holds, and compiles what calls them again and again.
 */
class PlacesByName<V> implements NameMap<V> {
  size = 0;
  private hashes = new Int32Array(LEAST_PLACES);
  private places: (V | undefined)[] = new Array(LEAST_PLACES).fill(undefined);
  private readonly nameOf: (value: V) => Buffer;

  constructor(nameOf: (value: V) => Buffer) {
    this.nameOf = nameOf;
  }

  get(name: Buffer): V | undefined {
    return this.size === 0 ? undefined : this.places[this.find(name, hashOfName(name))];
  }

  has(name: Buffer): boolean {
    return this.size > 0 && this.hashes[this.find(name, hashOfName(name))] !== 0;
  }

  set(name: Buffer, value: V): void {
    if (2 * (this.size + 1) > this.hashes.length) this.resize(2 * this.hashes.length);
    const hash = hashOfName(name);
    const place = this.find(name, hash);
    if (this.hashes[place] === 0) this.size += 1;
    this.hashes[place] = hash;
    this.places[place] = value;
  }

  delete(name: Buffer): boolean {
    if (this.size === 0) return false;
    const place = this.find(name, hashOfName(name));
    if (this.hashes[place] === 0) return false;
    this.close(place);
    this.size -= 1;
    if (this.size === 0 && this.hashes.length > KEPT_PLACES) this.resize(KEPT_PLACES);
    return true;
  }

  values(): V[] {
    return this.places.filter((value): value is V => value !== undefined);
  }

  /** The place of a name, or the free one where it would be. */
  private find(name: Buffer, hash: number): number {
    const { hashes } = this;
    const mask = hashes.length - 1;
    let place = hash & mask;
    while (hashes[place] !== 0 && (hashes[place] !== hash || !this.isAt(place, name)))
      place = (place + 1) & mask;
    return place;
  }

  private isAt(place: number, name: Buffer): boolean {
    const bytes = this.nameOf(this.places[place] as V);
    const skip = bytes.length - name.length;
    for (let at = 0; at < name.length; at++) if (bytes[skip + at] !== name[at]) return false;
    return true;
  }

  private resize(length: number): void {
    const [oldHashes, oldPlaces] = [this.hashes, this.places];
    const hashes = new Int32Array(length);
    const places = new Array<V | undefined>(length).fill(undefined);
    for (let at = 0; at < oldHashes.length; at++) {
      const hash = oldHashes[at]!;
      if (hash === 0) continue;
      let place = hash & (length - 1);
      while (hashes[place] !== 0) place = (place + 1) & (length - 1);
      hashes[place] = hash;
      places[place] = oldPlaces[at];
    }
    this.hashes = hashes;
    this.places = places;
  }

  /** Frees a place, and moves those back that would not be found any more behind it. */
  private close(place: number): void {
    const { hashes, places } = this;
    const mask = hashes.length - 1;
    let free = place;
    for (let at = (free + 1) & mask; hashes[at] !== 0; at = (at + 1) & mask) {
      const wanted = hashes[at]! & mask;
      if (((at - wanted) & mask) < ((at - free) & mask)) continue;
      hashes[free] = hashes[at]!;
      places[free] = places[at];
      free = at;
    }
    hashes[free] = 0;
    places[free] = undefined;
  }
}

/** An empty map. `nameOf`: bytes of a value that end with its name; they must not change while it is in the map. */
export function createNameMap<V>(nameOf: (value: V) => Buffer): NameMap<V> {
  return new PlacesByName(nameOf);
}
