/** Type and permissions as `ls -l` shows them: drwxr-sr-x. */
const TYPE_LETTERS: Readonly<Record<string, string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  fifo: "p",
  socket: "s",
  "character-device": "c",
  "block-device": "b",
};

export function formatMode(type: string, mode: number): string {
  const letters = [..."rwxrwxrwx"].map((letter, index) => (mode & (0o400 >> index) ? letter : "-"));
  // setuid, setgid and sticky share the places of the x bits; capital letters where x is not set.
  for (const [bit, place, letter] of [
    [0o4000, 2, "s"],
    [0o2000, 5, "s"],
    [0o1000, 8, "t"],
  ] as const) {
    if (mode & bit) letters[place] = letters[place] === "x" ? letter : letter.toUpperCase();
  }
  return (TYPE_LETTERS[type] ?? "?") + letters.join("");
}
