import type { RouteRequest } from '../../core/format.ts';

/** The forms in which an index is answered, and how each is called. */
export const JSON_V1 = 'application/vnd.pypi.simple.v1+json';
export const HTML_V1 = 'application/vnd.pypi.simple.v1+html';
export const HTML = 'text/html';

const FORMS: Readonly<Record<string, string>> = {
  [JSON_V1]: JSON_V1,
  'application/vnd.pypi.simple.latest+json': JSON_V1,
  [HTML_V1]: HTML_V1,
  'application/vnd.pypi.simple.latest+html': HTML_V1,
  [HTML]: HTML,
};

/** What a client likes best (PEP 691). HTML where it does not say, or likes nothing that there is. */
export function wantedForm({ headers, query }: Pick<RouteRequest, 'headers' | 'query'>): string {
  const asked = FORMS[query.get('format') ?? ''];
  if (asked !== undefined) return asked;
  let best: { readonly form: string; readonly quality: number } | undefined;
  for (const part of (headers.get('accept') ?? '').split(',')) {
    const [type = '', ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const form = FORMS[type] ?? (type === '*/*' || type === 'text/*' ? HTML : undefined);
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const quality = q === undefined ? 1 : Number(q);
    if (form !== undefined && quality > (best?.quality ?? 0)) best = { form, quality };
  }
  return best?.form ?? HTML;
}
