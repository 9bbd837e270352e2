import { describe, expect, it } from 'bun:test';
import { isAllowed, parseAllowedHost } from './allowed-hosts.ts';

describe('a list of hosts', () => {
  it.each([
    ['nexus.corp', 'http://nexus.corp:8081/a', true],
    ['Nexus.Corp', 'https://nexus.corp/', true],
    ['nexus.corp.', 'https://nexus.corp/', true],
    ['nexus.corp', 'https://nexus.corp./', true],
    ['nexus.corp:8081', 'http://nexus.corp:8081/', true],
    ['nexus.corp:8081', 'http://nexus.corp/', false],
    ['nexus.corp:80', 'http://nexus.corp/', true],
    ['nexus.corp:443', 'https://nexus.corp/', true],
    ['nexus.corp', 'http://other.nexus.corp/', false],
    ['corp', 'http://nexus.corp/', false],
    ['127.0.0.1:80', 'http://2130706433/', true],
    ['[::1]:9000', 'http://[0:0::1]:9000/', true],
    ['[::1]', 'http://[::2]/', false],
  ])('with %s: %s is allowed: %p', (written, url, allowed) => {
    const host = parseAllowedHost(written);

    expect(isAllowed(host ? [host] : [], new URL(url))).toBe(allowed);
  });

  it.each([
    '',
    'http://nexus',
    'nexus:0',
    'nexus:65536',
    'nexus:',
    'a b',
    '::1',
    '[::1',
    'u@nexus',
    '*.corp',
  ])('has no place for %p', (written) => {
    expect(parseAllowedHost(written)).toBeUndefined();
  });
});
