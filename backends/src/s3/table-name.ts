/** Where the tables of cold packs are: beside them, in a class that can be read at any time. */

const ENDING = ".table";

/** The object that holds the table of a pack. */
export function tableName(pack: string): string {
  return pack + ENDING;
}
