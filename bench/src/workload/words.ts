/** Words that read like the text people keep: frequent ones often, rare ones rarely. */
import type { Random } from "./random.ts";

const SYLLABLES =
  "ba be bo ca ce co da de do el en er fa fi fo ga ge go ha he in is ka ke la le li lo ma me mi mo na ne ni no on or pa pe po ra re ri ro sa se si so ta te ti to un ur va ve vi wa wi ya".split(
    " ",
  );
const VOCABULARY = 6000;

/** The vocabulary, the same in every run. */
const WORDS: readonly string[] = Array.from({ length: VOCABULARY }, (_, rank) => {
  // Frequent words are short, as in every language.
  const syllables = 1 + Math.floor(Math.log2(rank + 2) / 4.2);
  let word = "";
  for (let i = 0, n = rank * 2654435761; i <= syllables; i++, n = Math.floor(n / 7) + rank * 31 + i) {
    word += SYLLABLES[n % SYLLABLES.length];
  }
  return word;
});

/** One word; the choice falls on rank r with a probability of about 1/r. */
export function word(random: Random): string {
  return WORDS[Math.floor(VOCABULARY ** random.fraction()) - 1] as string;
}

/** So many words with spaces between. */
export function sentence(random: Random, words: number): string {
  let text = word(random);
  for (let i = 1; i < words; i++) text += ` ${word(random)}`;
  return text;
}
