import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { answerUri, authorizationRequest } from './authorization-request.ts';
import { html } from './html.ts';
import { localPath } from './local-path.ts';

describe('where someone goes after log-in', () => {
  it.each([
    ['/', '/'],
    ['/device?user_code=ABCD-EFGH', '/device?user_code=ABCD-EFGH'],
    ['/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F&state=a', undefined],
    ['/a/../b', '/b'],
    ['/a#b', '/a#b'],
  ])('may be %s', (asked, path) => {
    expect(localPath(asked)).toBe(path ?? asked);
  });

  it.each([
    '',
    'a',
    'https://evil.test/',
    '//evil.test/',
    '///evil.test/',
    '/\\evil.test/',
    '\\\\evil.test',
    '/\t/evil.test',
    '/%0d%0a//x\r\n',
    'javascript:alert(1)',
    '/..//evil.test',
    '/.//evil.test',
    '/a\u0000',
    '/ä',
    `/${'a'.repeat(5000)}`,
  ])('is never %j', (asked) => {
    expect(localPath(asked)).toBe('/login');
  });

  it('is here, whatever is asked for', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '@',
      ':',
      '%2f',
      '%5c',
      'evil.test',
      '?',
      '#',
      '\t',
      'a',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((all) => all.join('')),
        ),
        (asked) => {
          const path = localPath(asked);

          expect(new URL(path, 'https://here.test').origin).toBe('https://here.test');
          expect(path).toMatch(/^\/(?![/\\])/);
        },
      ),
    );
  });
});

describe('a page', () => {
  it('shows text as text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { text: markup } = html`<p title="${text}">${text}</p>`;

        expect(markup.slice('<p title="'.length, -'</p>'.length)).not.toMatch(/[<'][^>]*$|<script/);
        expect(markup.match(/</g)?.length).toBe(2);
        expect(markup.match(/"/g)?.length).toBe(2);
      }),
    );
  });

  it('keeps the markup of its parts', () => {
    const items = ['<a>', 'b'].map((item) => html`<li>${item}</li>`);

    expect(html`<i>${items}${undefined}</i>`.text).toBe('<i><li>&#60;a&#62;</li><li>b</li></i>');
  });
});

describe('a program’s question', () => {
  const good = {
    response_type: 'code',
    client_id: 'entrepot-cli',
    redirect_uri: 'http://127.0.0.1:49152/callback',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
    state: 'st&te',
  };
  const asked = (changes: Readonly<Record<string, string>> = {}) =>
    new URLSearchParams({ ...good, ...changes });

  it('is understood, and answered where it was asked', () => {
    const request = authorizationRequest(asked());

    expect(request).toMatchObject({ clientId: 'entrepot-cli', state: 'st&te' });
    expect(answerUri(request, 'http://h', { code: 'c' })).toBe(
      'http://127.0.0.1:49152/callback?code=c&state=st%26te&iss=http%3A%2F%2Fh',
    );
    expect(authorizationRequest(asked({ redirect_uri: 'http://[::1]:1/' })).redirectUri).toBe(
      'http://[::1]:1/',
    );
  });

  it.each([
    ['response_type', 'token'],
    ['client_id', 'other'],
    ['client_id', 'constructor'],
    ['redirect_uri', 'https://127.0.0.1:1/'],
    ['redirect_uri', 'http://localhost:1/'],
    ['redirect_uri', 'http://127.0.0.1/'],
    ['redirect_uri', 'http://127.0.0.1:99999/'],
    ['redirect_uri', 'http://127.0.0.1:1@evil.test/'],
    ['redirect_uri', 'http://127.0.0.1:1/?a=b'],
    ['redirect_uri', 'http://127.0.0.1.evil.test:1/'],
    ['redirect_uri', 'javascript:alert(1)'],
    ['code_challenge', ''],
    ['code_challenge', 'a'.repeat(42)],
    ['code_challenge_method', 'plain'],
    ['state', ''],
    ['state', 'a\nb'],
  ])('with %s %j is refused', (name, value) => {
    expect(() => authorizationRequest(asked({ [name]: value }))).toThrow('asks in a wrong way');
  });

  it('is refused when something is there twice', () => {
    const twice = asked();
    twice.append('redirect_uri', 'http://127.0.0.1:2/');

    expect(() => authorizationRequest(twice)).toThrow('twice');
  });
});
