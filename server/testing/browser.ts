type Send = (request: Request) => Promise<Response>;

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

/** What a browser shows. */
export interface Shown {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Form {
  readonly action: URL;
  readonly fields: Readonly<Record<string, string>>;
}

const MOST_REDIRECTS = 20;
const ENTITIES = /&#(\d+);/g;

/**
 * As much of a browser as log-in pages need: cookies by host and path, redirects, forms, and what browsers say of where
 * a request comes from. Pages of another site send no cookies with forms, as SameSite=Lax has it.
 */
export class Browser {
  readonly #send: Send;
  readonly #headers: Readonly<Record<string, string>>;
  #cookies: readonly Cookie[] = [];
  #shown: Shown | undefined;

  constructor(send: Send, headers: Readonly<Record<string, string>> = {}) {
    this.#send = send;
    this.#headers = headers;
  }

  get shown(): Shown {
    if (!this.#shown) throw new Error('no page is open');
    return this.#shown;
  }

  /** The value of a cookie that a host has set. */
  cookie(name: string, host?: string): string | undefined {
    return this.#cookies.find((known) => known.name === name && (host ?? known.host) === known.host)?.value;
  }
  setCookie(host: string, name: string, value: string): void {
    this.#keep({ host, path: '/', name, value }, false);
  }

  /** As when an address is typed, or a link followed from `from`. */
  open(url: string | URL, from?: string): Promise<Shown> {
    return this.#visit(new URL(url), {
      method: 'GET',
      site: from === undefined ? 'none' : siteOf(from, url),
    });
  }

  /** Sends the only form of the page, with what the person fills in; `button` is one that has a name. */
  submit(filled: Readonly<Record<string, string>> = {}): Promise<Shown> {
    const { action, fields } = formIn(this.shown);
    return this.post(action, { ...fields, ...filled }, this.shown.url.origin);
  }

  /** A form of whatever page, sent from a page of `from`. */
  post(url: string | URL, fields: Readonly<Record<string, string>>, from: string): Promise<Shown> {
    const target = new URL(url);
    return this.#visit(target, {
      method: 'POST',
      site: siteOf(from, target),
      from,
      body: new URLSearchParams(fields).toString(),
    });
  }

  /** Follows a link of the page by its words. */
  follow(words: string): Promise<Shown> {
    const links = [...this.shown.text.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g)];
    const [, href = ''] = links.find(([, , text = '']) => decoded(text).trim() === words) ?? [];
    if (href === '') throw new Error(`there is no link "${words}"`);
    return this.open(new URL(decoded(href), this.shown.url), this.shown.url.origin);
  }

  async #visit(
    first: URL,
    {
      method,
      site,
      from,
      body,
    }: { readonly method: string; readonly site: string; readonly from?: string; readonly body?: string },
  ): Promise<Shown> {
    let [url, verb, sentBody, sentSite] = [first, method, body, site];
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const isPost = verb === 'POST';
      const answer = await this.#send(
        new Request(url.href, {
          method: verb,
          redirect: 'manual',
          headers: {
            host: url.host,
            ...this.#headers,
            ...(isPost && sentSite === 'cross-site' ? {} : this.#cookieHeader(url)),
            'sec-fetch-site': sentSite,
            ...(isPost && {
              origin: from ?? url.origin,
              'content-type': 'application/x-www-form-urlencoded',
            }),
          },
          ...(sentBody !== undefined && { body: sentBody }),
        }),
      );
      for (const line of answer.headers.getSetCookie()) this.#take(line, url);
      const location = answer.headers.get('location');
      if (answer.status < 300 || answer.status >= 400 || location === null) {
        this.#shown = { url, status: answer.status, headers: answer.headers, text: await answer.text() };
        return this.#shown;
      }
      const next = new URL(location, url);
      if (sentSite !== 'none' && next.origin !== url.origin) sentSite = 'cross-site';
      [url, verb, sentBody] = [next, 'GET', undefined];
    }
    throw new Error(`${first.href} redirects for ever`);
  }

  #cookieHeader(url: URL): { readonly cookie?: string } {
    const sent = this.#cookies.filter(
      ({ host, path }) => host === url.hostname && url.pathname.startsWith(path),
    );
    return sent.length === 0 ? {} : { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') };
  }

  #take(line: string, url: URL): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const of = (name: string) =>
      attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
    const gone = of('max-age') === '0' || Date.parse(of('expires') ?? '') < Date.now();
    const cookie = {
      host: url.hostname,
      path: of('path') ?? '/',
      name: pair.slice(0, at),
      value: pair.slice(at + 1),
    };
    this.#keep(cookie, gone);
  }

  #keep(cookie: Cookie, gone: boolean): void {
    const others = this.#cookies.filter(
      ({ host, path, name }) => host !== cookie.host || path !== cookie.path || name !== cookie.name,
    );
    this.#cookies = gone ? others : [...others, cookie];
  }
}

const siteOf = (from: string, url: string | URL): string =>
  new URL(from).origin === new URL(url).origin ? 'same-origin' : 'cross-site';

const decoded = (text: string): string =>
  text.replaceAll(ENTITIES, (_, code: string) => String.fromCharCode(Number(code)));

/** The last form of a page: log-in pages have one. */
function formIn({ url, text }: Shown): Form {
  const [form = '', action = ''] =
    [...text.matchAll(/<form [^>]*action="([^"]*)"[^>]*>[^]*?<\/form>/g)].at(-1) ?? [];
  if (form === '') throw new Error(`there is no form on ${url.href}:\n${text}`);
  const fields = [...form.matchAll(/<input\s([^>]*)>/g)].map(([, attributes = '']) => {
    const of = (name: string) => decoded(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
    return [of('name'), of('value')] as const;
  });
  return { action: new URL(decoded(action), url), fields: Object.fromEntries(fields) };
}
