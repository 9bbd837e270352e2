import { createHash } from 'node:crypto';

/** The look of the log-in pages, light or dark as the reader's system is. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f5f4f1;
  --card: #ffffff;
  --ink: #1d1c1a;
  --faint: #5e5b55;
  --line: #d5d2cb;
  --accent: #1f5fa8;
  --accent-ink: #ffffff;
  --alert: #a3261b;
  --alert-paper: #fdeeec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161615;
    --card: #21201f;
    --ink: #f0eeea;
    --faint: #aeaaa2;
    --line: #45423d;
    --accent: #8ab9f1;
    --accent-ink: #10243c;
    --alert: #ffb4aa;
    --alert-paper: #3a1d1a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  display: grid;
  place-items: center;
  padding: 1rem;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  width: 100%;
  max-width: 25rem;
  padding: 2rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.75rem;
}
.brand { margin: 0 0 1.25rem; color: var(--faint); font-weight: 600; letter-spacing: 0.02em; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
p, dl { margin: 0 0 1rem; overflow-wrap: anywhere; }
main > :last-child, form > :last-child { margin-bottom: 0; }
a { color: var(--accent); }
label { display: block; margin-bottom: 0.25rem; font-weight: 600; }
input {
  width: 100%;
  margin-bottom: 1rem;
  padding: 0.625rem 0.75rem;
  border: 1px solid var(--faint);
  border-radius: 0.375rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
input.code { font: 1.25rem/1.5 ui-monospace, Menlo, Consolas, monospace; letter-spacing: 0.1em; text-transform: uppercase; }
button, .button {
  display: block;
  width: 100%;
  margin: 0 0 0.75rem;
  padding: 0.625rem 1rem;
  border: 1px solid var(--accent);
  border-radius: 0.375rem;
  background: var(--accent);
  color: var(--accent-ink);
  font: inherit;
  font-weight: 600;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
.quiet { background: transparent; color: var(--accent); }
button:hover, .button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.alert { padding: 0.75rem 1rem; border-radius: 0.375rem; background: var(--alert-paper); color: var(--alert); }
.hint, dt { color: var(--faint); font-size: 0.9375rem; }
dl { padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 0.375rem; }
dt:not(:first-child) { margin-top: 0.5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.or { display: flex; align-items: center; gap: 0.75rem; margin: 1.25rem 0; color: var(--faint); }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
`;

/** Named by what it holds, so that browsers may keep it. */
export const STYLE_PATH = `/login/${createHash('sha256').update(STYLE).digest('hex').slice(0, 16)}.css`;
