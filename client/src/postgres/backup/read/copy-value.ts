/** The value of a field in COPY's text format. */

const LETTERS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Without the escapes; the field is not null. */
export function copyValue(field: string): string {
  return field.replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/gs, (_, letters: string) => {
    if (/^x[0-9a-fA-F]/.test(letters)) return String.fromCharCode(Number.parseInt(letters.slice(1), 16));
    if (/^[0-7]/.test(letters)) return String.fromCharCode(Number.parseInt(letters, 8));
    return LETTERS[letters] ?? letters;
  });
}
