import { expect, it } from 'bun:test';
import { parseZb } from './zb.ts';

const block = (name: string, failed: number, rate: number) => `============
Test name:            ${name}
Time taken for tests: 45.397205ms
Complete requests:    100
Failed requests:      ${failed}
Requests per second:  ${rate}

2xx responses: 100
`;

it('reads the rate of each test', () => {
  const output = `Registry URL:      http://127.0.0.1\n\n${block('Get Catalog', 0, 2202.5)}${block('Pull 1MB', 0, 7)}`;

  expect([...parseZb(output)]).toEqual([
    ['Get Catalog', 2202.5],
    ['Pull 1MB', 7],
  ]);
});

it('takes failed requests for a failure', () => {
  expect(() => parseZb(block('Get Catalog', 3, 1))).toThrow('Get Catalog: 3 requests failed');
});

it('says when there is nothing', () => {
  expect(() => parseZb('Starting tests ...')).toThrow('no result');
});
