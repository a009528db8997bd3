/** Who looks at the attributes of files, and who only at names: `ls -l` and `find` want different listings. */

/** Threads that are remembered, the last ones. */
const MOST = 256;

export interface Askers {
  /** The thread asked for a file by its name. */
  looksAtFiles(pid: number): void;
  /** Whether listings without the attributes of files will do for the thread. */
  wantsNames(pid: number): boolean;
}

export function createAskers(): Askers {
  const known = new Set<number>();
  return {
    looksAtFiles(pid) {
      if (known.has(pid)) return;
      known.add(pid);
      if (known.size > MOST) known.delete(known.values().next().value!);
    },
    wantsNames: (pid) => !known.has(pid),
  };
}
