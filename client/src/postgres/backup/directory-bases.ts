/** Which nodes of the previous backup's directories the new ones probably resemble: those that begin or end with the same name. */
import { decodeDirectoryInner, decodeDirectoryLeaf, metaName, nodeType } from "@datadb/protocol";

export interface DirectoryBases {
  /** A node of the previous directory at a path. */
  note(path: string, name: Buffer, content: Buffer): void;
  /** The base for a new node of the directory at a path; undefined when there is none, or it is the same node. */
  base(path: string, name: Buffer, content: Buffer): Buffer | undefined;
}

/** `nameBytes`: of a name of the store. */
export function directoryBases(nameBytes: 20 | 32): DirectoryBases {
  const nodes = new Map<string, Buffer>();
  return {
    note(path, name, content) {
      for (const edge of edgesOf(content, nameBytes)) nodes.set(`${path}\0${edge}`, name);
    },
    base(path, name, content) {
      for (const edge of edgesOf(content, nameBytes)) {
        const base = nodes.get(`${path}\0${edge}`);
        if (base !== undefined) return base.equals(name) ? undefined : base;
      }
      return undefined;
    },
  };
}

/** The level of a node, with its first and with its last name. */
function edgesOf(node: Buffer, nameBytes: 20 | 32): string[] {
  const type = nodeType(node);
  if (type !== "directory-leaf" && type !== "directory-inner") return [];
  let level = 0;
  let names: Buffer[];
  if (type === "directory-leaf") names = decodeDirectoryLeaf(node).map(metaName);
  else {
    const inner = decodeDirectoryInner(node, nameBytes);
    level = inner.level;
    names = inner.children.map(({ firstName }) => firstName);
  }
  const [first, last] = [names[0], names.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [`${level} first ${first.toString("latin1")}`, `${level} last ${last.toString("latin1")}`];
}
