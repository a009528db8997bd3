/** What COPY's text format is made of. Part of the files beside it. */

export const TAB: u8 = 9;
export const LINE_FEED: u8 = 10;
export const MINUS: u8 = 45;
export const POINT: u8 = 46;
export const ZERO: u8 = 48;
export const NULL_MARK: u8 = 78;
export const BACKSLASH: u8 = 92;

/** The byte that a letter after a backslash stands for; 0 where COPY writes no such letter. */
// @ts-ignore: decorator
@inline
export function unescaped(letter: u8): u8 {
  switch (letter) {
    case BACKSLASH: return BACKSLASH;
    case 98: return 8;
    case 102: return 12;
    case 110: return 10;
    case 114: return 13;
    case 116: return 9;
    case 118: return 11;
    default: return 0;
  }
}
