/** Finds the verb among the words: general options may stand before it (`datadb --store /srv/store ls`). */
import { OUTPUT_OPTIONS, STORE_OPTIONS } from "./global-options.ts";

export interface SplitWords {
  /** The first word that is neither an option nor an option's value. */
  verb: string | undefined;
  /** Everything else, in order. */
  rest: readonly string[];
}

export function splitVerb(words: readonly string[]): SplitWords {
  const withValue = new Set(
    [...STORE_OPTIONS, ...OUTPUT_OPTIONS].filter((o) => o.value).map((o) => `--${o.name}`),
  );
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === "--") break;
    if (!word.startsWith("-"))
      return { verb: word, rest: [...words.slice(0, index), ...words.slice(index + 1)] };
    if (withValue.has(word)) index++;
  }
  return { verb: undefined, rest: words };
}
