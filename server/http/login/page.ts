import { RegistryError } from '../../core/error.ts';
import type { RenderError } from '../boundary.ts';
import { type Html, html } from './html.ts';
import { STYLE_PATH } from './style.ts';

/** What a page is allowed to do, which is to be read, and to send its form here. */
export function pageHeaders(origin: string, formTarget?: string): Readonly<Record<string, string>> {
  const target = formTarget === undefined ? '' : ` ${formTarget}`;
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      `default-src 'none'; style-src 'self'; form-action 'self'${target}; ` +
      `base-uri 'none'; frame-ancestors 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    // Without a referrer browsers would not say in Origin where a form comes from.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(origin.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  };
}

interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Where a form may lead to beside this server. */
  readonly formTarget?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const page = (origin: string, { title, body, status = 200, formTarget, headers }: Page): Response =>
  new Response(document(title, body).text, {
    status,
    headers: { ...pageHeaders(origin, formTarget), ...headers },
  });

/** A failure as a page. Its security headers come with the error, by `forPeople`. */
export const errorPage: RenderError = ({ message }) => ({
  contentType: 'text/html; charset=utf-8',
  body: document(
    'That did not work',
    html`<h1>That did not work</h1>
      ${alert(message)}
      <p><a class="button quiet" href="/login">Back to log-in</a></p>`,
  ).text,
});

/** The same failure, with what every page is sent with. */
export function forPeople(thrown: unknown, origin: string): unknown {
  if (!(thrown instanceof RegistryError)) return thrown;
  const { code, reason, message, details, headers } = thrown;
  const { 'content-type': _, ...sent } = pageHeaders(origin);
  return new RegistryError(code, reason, message, {
    details,
    headers: { ...sent, ...headers },
    cause: thrown,
  });
}

/** Why something did not work, read out where a person cannot see. */
export const alert = (message: string): Html => html`<p role="alert" class="alert">${sentence(message)}</p>`;

const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;

const document = (title: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · Entrepot</title>
        <link rel="stylesheet" href="${STYLE_PATH}" />
      </head>
      <body>
        <main>
          <p class="brand">Entrepot</p>
          ${body}
        </main>
      </body>
    </html> `;
