/** Control characters other than line end and tab, and the marks that turn the direction of text. */
const STEERING = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Text of a server that can move no cursor, set no title and hide no word on the terminal it is shown on. */
export const harmless = (text: string): string =>
  text.replaceAll(STEERING, (mark) => (mark === '\n' || mark === '\t' ? mark : '\uFFFD'));
