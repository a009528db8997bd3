/** How streams without rows are cut: chosen when a store is made, for ever. */
const CHUNKER_ALGORITHMS = ["gear", "fastcdc", "rabin"] as const;

type ChunkerAlgorithm = (typeof CHUNKER_ALGORITHMS)[number];

/** How a store's streams without rows are cut; sizes in bytes. */
export interface ChunkerParameters {
  readonly algorithm: ChunkerAlgorithm;
  readonly min: number;
  readonly avg: number;
  readonly max: number;
}

export function isChunkerAlgorithm(word: unknown): word is ChunkerAlgorithm {
  return CHUNKER_ALGORITHMS.some((algorithm) => algorithm === word);
}
