/** Fills words into lines of a help page. */
const WIDTH = 96;

/** Lines of at most 96 columns, each behind `indent` spaces; longer words stand alone. Never empty. */
export function wrapText(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each) => " ".repeat(indent) + each);
}
