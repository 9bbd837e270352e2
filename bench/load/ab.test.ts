import { expect, it } from 'bun:test';
import { parseAb } from './ab.ts';

const output = (more = '') => `Concurrency Level:      4
Complete requests:      5000
Failed requests:        0
${more}Requests per second:    17419.18 [#/sec] (mean)
Percentage of the requests served within a certain time (ms)
  50%      1
  99%     12
 100%     40 (longest request)
`;

it('reads the figures', () => {
  expect(parseAb(output())).toEqual({ requests: 5000, rate: 17_419.18, p99: 12 });
});

it('takes refusals for failures', () => {
  expect(() => parseAb(output('Non-2xx responses:      7\n'))).toThrow('7 of 5000');
});
