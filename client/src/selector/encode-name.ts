/** Names and hosts inside selectors: `@`, `:`, `/` and `%` are percent-encoded. */

/** A name as it must be typed in a selector. */
export function encodeName(name: string): string {
  return name.replace(/[@:/%]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Undoes encodeName; a `%` without two hex digits stands for itself. Null when the bytes are not UTF-8. */
export function decodeName(text: string): string | null {
  try {
    return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => decodeURIComponent(run));
  } catch {
    return null;
  }
}
