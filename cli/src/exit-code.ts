/** Exit codes: what scripts may rely on. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  notFound: 4,
  damaged: 5,
  interrupted: 130,
} as const;

/** The codes that every verb can end with, as the help says them. Verbs add their own. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.done]: "done",
  [EXIT.failed]: "failed; the message says what and what to do next",
  [EXIT.usage]: "wrong usage",
  [EXIT.damaged]: "the store is damaged",
  [EXIT.interrupted]: "interrupted",
};
