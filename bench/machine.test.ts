import { expect, it } from 'bun:test';
import { shorten } from './machine.ts';

it.each([
  ['wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer', '4.1.0-3+b2'],
  ['nginx version: nginx/1.22.1', '1.22.1'],
  ['docker-registry github.com/docker/distribution 2.8.2+ds1', '2.8.2+ds1'],
  ['not installed', 'not installed'],
])('finds the version in %p', (said, version) => {
  expect(shorten(said)).toBe(version);
});
