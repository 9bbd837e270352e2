/** Bytes of one expression (google/iam/v1, WorkloadIdentityPoolProvider.attribute_condition). */
const LONGEST = 4_096;
/** Brackets and choices inside one another. The parser tries again what it could not finish, once for each of them. */
const DEEPEST = 32;

/** One token of CEL: a string in any of its forms, a comment, a word, or a single character. */
const TOKEN =
  /(?:[rR][bB]?|[bB][rR])(?:"""[^]*?"""|'''[^]*?'''|"[^"\n]*"|'[^'\n]*')|[bB]?(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*|\w+|[^]/g;
const CLOSES: Readonly<Record<string, true>> = { ')': true, ']': true, '}': true };
const OPENS: Readonly<Record<string, true>> = { '(': true, '[': true, '{': true };

/** Why an expression is not even parsed; nothing when it may be. Looks at each character once. */
export function sourceRefusal(expression: string): string | undefined {
  if (Buffer.byteLength(expression) > LONGEST) return `it has more than ${LONGEST} bytes`;
  return nesting(expression) > DEEPEST
    ? `it is nested more than ${DEEPEST} deep; use fewer brackets`
    : undefined;
}

/** The most that is open at one place. What a `?` opens is closed by the bracket around it. */
function nesting(expression: string): number {
  const choices = [0];
  let [open, deepest] = [0, 0];
  for (const [token] of expression.matchAll(TOKEN)) {
    if (OPENS[token]) choices.push(0);
    else if (token === '?') choices[choices.length - 1] = (choices.at(-1) ?? 0) + 1;
    else if (CLOSES[token] && choices.length > 1) open -= choices.pop() ?? 0;
    else continue;
    if (token === '?') open += 1;
    deepest = Math.max(deepest, open + choices.length - 1);
  }
  return deepest;
}
