/** Removes a key of any type with its elements. */
import { hasElements } from "../header.ts";
import type { WritableView } from "../overlay-view.ts";

async function removeElements(view: WritableView, database: Buffer, key: Buffer): Promise<void> {
  // Collected first: changes must not happen under the iteration that reads them.
  const elements: Buffer[] = [];
  for await (const page of view.elements(database, key)) for (const [element] of page) elements.push(element);
  for (const element of elements) view.setElement(database, key, element, null);
}

/** 1 when the key was there, else 0. Asynchronous only when there are elements to remove. */
export function removeKey(view: WritableView, database: Buffer, key: Buffer): number | Promise<number> {
  const header = view.header(database, key);
  if (header === undefined) return 0;
  view.setHeader(database, key, null);
  return hasElements(header) ? removeElements(view, database, key).then(() => 1) : 1;
}

/** Removes the elements of a key that another value is about to replace, whose header is set afterwards. */
export function clearElements(view: WritableView, database: Buffer, key: Buffer): Promise<void> | undefined {
  if (!view.mayHaveElements(database)) return undefined;
  return hasElements(view.header(database, key)) ? removeElements(view, database, key) : undefined;
}
