import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import type { Principal } from '../core/iam.ts';
import { TokenSealer } from '../lib/sealed-token.ts';
import { pageRequest, SORT_FIELDS } from './page-request.ts';

const pages = new TokenSealer(new Uint8Array(32).fill(7), 'page');
type Call = Parameters<typeof pageRequest>[0];

/** As much of a call as a page needs. */
const call = (principal: Principal, params: Call['params'], query: Call['query']): Call => ({
  principal,
  params,
  query,
  parts: { pages } as Call['parts'],
});
const ask = ({ of, ...rest }: Asked, pageToken = '') =>
  pageRequest(call(rest.principal, { repository: rest.parent }, { ...rest.query, pageToken }), {
    of,
    filters: ['name'],
    orders: SORT_FIELDS,
  });

interface Asked {
  readonly of: string;
  readonly parent: string;
  readonly principal: Principal;
  readonly query: { readonly filter: string; readonly orderBy: string };
}

const account = (kind: 'user' | 'service-account', id: string): Principal => ({ kind, id, belongsTo: [] });
const asked: fc.Arbitrary<Asked> = fc.record({
  of: fc.constantFrom('packages', 'files'),
  parent: fc.constantFrom('a', 'b', 'a"b'),
  principal: fc.constantFrom<Principal>(
    { kind: 'anonymous' },
    account('user', 'x'),
    account('user', 'y'),
    account('service-account', 'x'),
  ),
  query: fc.record({
    filter: fc.constantFrom('', 'name=x', 'name=y'),
    orderBy: fc.constantFrom('', 'name', 'name desc', 'create_time'),
  }),
});
const position = fc.array(fc.oneof(fc.string(), fc.nat()), { minLength: 1, maxLength: 3 });

describe('a page token', () => {
  it('brings back its position to whom, and for what, it was made, and to nobody else', () => {
    fc.assert(
      fc.property(asked, asked, position, (first, second, at) => {
        const { nextPageToken = '' } = ask(first).token(at);
        expect(ask(first, nextPageToken).query.after).toEqual(at);
        if (JSON.stringify(first) === JSON.stringify(second)) return;
        expect(() => ask(second, nextPageToken)).toThrow('page token is invalid');
      }),
    );
  });

  it('is good only whole', () => {
    fc.assert(
      fc.property(
        asked,
        position,
        fc.nat(),
        fc.constantFrom('A', 'b', '.', '=', ''),
        (first, at, where, letter) => {
          const { nextPageToken: token = '' } = ask(first).token(at);
          const index = where % token.length;
          const changed = `${token.slice(0, index)}${letter}${token.slice(index + 1)}`;
          // Base64 has spare bits at its end, so a changed last letter may still say the same.
          fc.pre(Buffer.from(changed, 'base64url').compare(Buffer.from(token, 'base64url')) !== 0);
          fc.pre(index < token.length - 1);
          expect(() => ask(first, changed)).toThrow('page token is invalid');
        },
      ),
    );
  });

  it.each(['x', 'a.b', '..', 'bnVsbA.', ' '])('is not %p', (token) => {
    const first: Asked = {
      of: 'files',
      parent: 'a',
      principal: { kind: 'anonymous' },
      query: { filter: '', orderBy: '' },
    };
    expect(() => ask(first, token)).toThrow('page token is invalid');
  });
});

describe('a page', () => {
  const sizes: readonly (readonly [asked: number | undefined, limit: number])[] = [
    [undefined, 100],
    [0, 100],
    [1, 1],
    [1000, 1000],
    [1001, 1000],
  ];
  it.each(sizes)('of %p has at most %p rows', (pageSize, limit) => {
    const query = pageSize === undefined ? {} : { pageSize };
    expect(pageRequest(call({ kind: 'anonymous' }, {}, query), { of: 'files' }).query.limit).toBe(limit);
  });
});
