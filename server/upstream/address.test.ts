import { describe, expect, it } from 'bun:test';
import { UpstreamAddress } from './address.ts';

describe('an address', () => {
  it.each([
    ['https://r.test', 'a', 'https://r.test/a'],
    ['https://r.test/npm//', '@a%2fb?c=d', 'https://r.test/npm/@a%2fb?c=d'],
    ['https://r.test/npm?x=y#z', 'a', 'https://r.test/npm/a'],
    ['https://r.test/npm', 'https://cdn.test/a.tgz', 'https://cdn.test/a.tgz'],
    ['http://r.test/npm', 'http://cdn.test/a.tgz', 'http://cdn.test/a.tgz'],
    ['https://r.test/npm', 'a/..b/c..', 'https://r.test/npm/a/..b/c..'],
    ['https://r.test:8443/npm', 'http://r.test/npm/a.tgz', 'https://r.test:8443/npm/a.tgz'],
  ])('at %s means with %s: %s', (uri, target, url) => {
    expect(new UpstreamAddress(uri).resolve(target).href).toBe(url);
  });

  it.each([
    ['https://r.test/npm', 'http://cdn.test/a.tgz'],
    ['https://r.test/npm', 'http://r.test:8080/a.tgz'],
    ['https://r.test/npm', '../a'],
    ['https://r.test/npm', 'a/../b'],
    ['https://r.test/npm', 'a/./b'],
    ['https://r.test/npm', 'a/%2E./b'],
    ['https://r.test/npm', 'a/..'],
    ['https://r.test/npm', 'a/..?b'],
    ['https://r.test/npm', String.raw`a\..\b`],
    ['https://r.test/npm', 'a/.\t./b'],
  ])('at %s means nothing with %s', (uri, target) => {
    expect(() => new UpstreamAddress(uri).resolve(target)).toThrow('is not asked');
  });
});
