/** A view with changes on top, which operations are applied to. */

import type { View } from "../database.ts";
import { byteId } from "./byte-id.ts";
import { ChangeSet, layChanges } from "./change-set.ts";

/** A view that takes changes. */
export interface WritableView extends View {
  readonly changes: ChangeSet;
  setHeader(database: Buffer, key: Buffer, header: Buffer | null): void;
  setElement(database: Buffer, key: Buffer, element: Buffer, value: Buffer | null): void;
}

/** An empty layer over `base`, which it never changes. */
export function createOverlay(base: View): WritableView {
  const changes = new ChangeSet();
  return {
    changes,
    header(database, key) {
      const header = changes.find(database, key)?.header;
      return header === undefined ? base.header(database, key) : (header ?? undefined);
    },
    element(database, key, element) {
      const change = changes.find(database, key)?.elements?.get(byteId(element));
      return change === undefined ? base.element(database, key, element) : (change.value ?? undefined);
    },
    elements(database, key, options = {}) {
      const own = changes.elements(database, key, options);
      if (own.length === 0) return base.elements(database, key, options);
      const below = options.limit === undefined ? options : { ...options, limit: options.limit + own.length };
      return layChanges(base.elements(database, key, below), own, options);
    },
    headers(database, options = {}) {
      const own = changes.headers(database, options);
      if (own.length === 0) return base.headers(database, options);
      const below = options.limit === undefined ? options : { ...options, limit: options.limit + own.length };
      return layChanges(base.headers(database, below), own, options);
    },
    mayHaveElements: (database) =>
      base.mayHaveElements(database) ||
      (changes.withElements.size > 0 && changes.withElements.has(database.toString("latin1"))),
    async databases() {
      const names = new Map((await base.databases()).map((name) => [name.toString("latin1"), name]));
      for (const [id, { database, keys }] of changes.databases) {
        if (id !== "" && [...keys.values()].some(({ header }) => header)) names.set(id, database);
      }
      return [...names.values()].sort(Buffer.compare);
    },
    setHeader: (database, key, header) => changes.setHeader(database, key, header),
    setElement: (database, key, element, value) => changes.setElement(database, key, element, value),
  };
}
