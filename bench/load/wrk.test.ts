import { expect, it } from 'bun:test';
import { parseWrk } from './wrk.ts';

const printed = (line: string) => `Running 1s test @ http://127.0.0.1:1/
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    16.92us   19.04us   1.32ms   96.81%
    Req/Sec   109.48k     6.08k  117.90k    63.64%
  119803 requests in 1.10s, 16.11MB read
Requests/sec: 108923.54
Transfer/sec:     14.65MB
${line}
`;

it('reads the exact figures beside the rounded text', () => {
  const output = printed(
    'bench {"requests":120000,"microseconds":1500000,"bytes":16889856,"failed":0,"p50":250,"p99":5800,"max":12920}',
  );

  expect(parseWrk(output)).toEqual({
    requests: 120_000,
    seconds: 1.5,
    rate: 80_000,
    bytes: 16_889_856,
    p50: 0.25,
    p99: 5.8,
    max: 12.92,
  });
});

it('counts no failed request as work done', () => {
  const output = printed(
    'bench {"requests":100,"microseconds":1000000,"bytes":1,"failed":3,"p50":1,"p99":1,"max":1}',
  );

  expect(() => parseWrk(output)).toThrow('3 of 100 requests failed');
});

it('refuses a run without a result', () => {
  expect(() => parseWrk('unable to connect to 127.0.0.1:1 Connection refused')).toThrow('no result');
});

it('refuses a run without an answer', () => {
  const output = printed(
    'bench {"requests":0,"microseconds":1000000,"bytes":0,"failed":0,"p50":0,"p99":0,"max":0}',
  );

  expect(() => parseWrk(output)).toThrow('no answer');
});
