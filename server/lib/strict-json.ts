/** The deepest nesting we read; JSON.parse has no limit of its own and our callers do. */
const DEEPEST = 64;
const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Parses JSON and refuses what JSON.parse lets pass in silence: an object with one key twice, which two readers
 * understand differently, and nesting past any honest document. SyntaxError in every case.
 */
export function parseJsonStrictly(text: string): unknown {
  const value = parse(text);
  // From here on the text is known to be JSON. A key that was there twice is one member less.
  if (membersWritten(text) !== membersOf(value)) throw doubled(text);
  return value;
}

/** Colons outside of strings. Read by hand: a pattern over strings of megabytes runs out of stack. */
function membersWritten(text: string): number {
  let [colons, depth] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case COLON:
        colons += 1;
        break;
      case OBJECT:
      case LIST:
        depth += 1;
        if (depth > DEEPEST) throw tooDeep();
        break;
      case OBJECT_END:
      case LIST_END:
        depth -= 1;
        break;
      default:
    }
  }
  return colons;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const all: readonly unknown[] = Object.values(value);
  let count = Array.isArray(value) ? 0 : all.length;
  for (const each of all) count += membersOf(each);
  return count;
}

/** Says which key of a text is there twice. */
function doubled(text: string): SyntaxError {
  const open: (Set<string> | undefined)[] = [];
  // Where the last string is, without its quotes: a key if a colon follows.
  let [from, to] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        from = at + 1;
        to = endOfString(text, at);
        at = to;
        break;
      case COLON: {
        const raw = text.slice(from, to);
        if (isKnown(open.at(-1), raw))
          return new SyntaxError(`it has the key ${`"${raw}"`.slice(0, 80)} twice`);
        break;
      }
      case OBJECT:
        open.push(new Set());
        break;
      case LIST:
        open.push(undefined);
        break;
      case OBJECT_END:
      case LIST_END:
        open.pop();
        break;
      default:
    }
  }
  return new SyntaxError('it has a key twice');
}

/** JSON.parse, whose stack a deep enough document exhausts. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw error instanceof SyntaxError ? error : tooDeep();
  }
}

const tooDeep = (): SyntaxError => new SyntaxError(`it is nested more than ${DEEPEST} deep`);

/** Where the string that opens at `at` closes: at the first quote after an even number of backslashes. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
}

function isKnown(keys: Set<string> | undefined, raw: string): boolean {
  // The same key may be spelt with escapes and without.
  const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
  if (keys?.has(key)) return true;
  keys?.add(key);
  return false;
}
