/** The deepest nesting we read; JSON.parse has no limit of its own and our callers do. */
const DEEPEST = 64;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gy;
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
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0] ?? '';
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

function addKey(keys: Set<string> | undefined, raw: string): void {
  const key = JSON.parse(raw) as string;
  if (keys?.has(key)) throw new SyntaxError(`it has the key ${raw.slice(0, 80)} twice`);
  keys?.add(key);
}
