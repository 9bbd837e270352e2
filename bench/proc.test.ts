import { expect, it } from 'bun:test';
import { cpuSeconds, parseMemory, parseStat } from './proc.ts';

it('reads the fields of a process whose name holds brackets and spaces', () => {
  const stat = '42 (a) R 7 (b)) S 11 42 42 0 -1 4194560 1 2 3 4 150 50 7 3 20 0 8 0 100 200 300\n';

  expect(parseStat(stat)).toEqual({ pid: 42, parent: 11, ticks: 210 });
});

it('reads resident and peak memory in MiB', () => {
  const status = 'Name:\tx\nVmHWM:\t  204800 kB\nVmRSS:\t   51200 kB\nThreads:\t3\n';

  expect(parseMemory(status)).toEqual({ resident: 50, peak: 200 });
});

it('says which field a zombie lacks', () => {
  expect(() => parseMemory('Name:\tx\n')).toThrow('VmRSS');
});

it('counts what this process used', async () => {
  const used = process.cpuUsage();

  const measured = await cpuSeconds(process.pid);

  expect(measured).toBeGreaterThanOrEqual(Math.floor((used.user + used.system) / 1e4) / 100 - 0.02);
});
