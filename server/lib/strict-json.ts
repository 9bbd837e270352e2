/** The deepest nesting we read; JSON.parse has no limit of its own and our callers do. */
const DEEPEST = 64;
const BETWEEN = /[^"{}[\]:,]*/gy;

/**
 * Parses JSON and refuses what JSON.parse lets pass in silence: an object with one key twice, which two readers
 * understand differently, and nesting past any honest document.
 */
export function parseJsonStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const open: (Set<string> | undefined)[] = [];
  let key: string | undefined;
  for (let at = skip(text, 0); at < text.length; at = skip(text, at)) {
    const token = text[at] === '"' ? text.slice(at, endOfString(text, at)) : text.charAt(at);
    at += token.length;
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && key !== undefined) addKey(open.at(-1), key);
    if (open.length > DEEPEST) throw new SyntaxError(`it is nested more than ${DEEPEST} deep`);
    key = token.startsWith('"') ? token : undefined;
  }
  return value;
}

function skip(text: string, at: number): number {
  BETWEEN.lastIndex = at;
  return at + (BETWEEN.exec(text)?.[0].length ?? 0);
}

/** Searched and not matched: a regular expression gives up on strings of some megabytes. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at);
    let before = at - 1;
    while (text[before] === '\\') before -= 1;
    if ((at - before) % 2 === 1) return at + 1;
  }
}

function addKey(keys: Set<string> | undefined, raw: string): void {
  const key = JSON.parse(raw) as string;
  if (keys?.has(key)) throw new SyntaxError(`it has the key ${raw.slice(0, 80)} twice`);
  keys?.add(key);
}
