export type Form = 'html' | 'json';

/** People's browsers prefer HTML and say so; whoever does not is a program. */
export function wantedForm(headers: Headers, query: URLSearchParams): Form {
  const asked = query.get('format');
  if (asked === 'html' || asked === 'json') return asked;
  let [html, json] = [0, 0];
  for (const part of (headers.get('accept') ?? '').split(',')) {
    const [type = '', ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const quality = q === undefined ? 1 : Number(q);
    if (type === 'text/html' || type === 'application/xhtml+xml') html = Math.max(html, quality);
    if (type === 'application/json') json = Math.max(json, quality);
  }
  return html > json ? 'html' : 'json';
}
