import { discard } from './load/discard.ts';
import type { Measure, Sample } from './measure.ts';
import { cpuSeconds } from './proc.ts';
import type { Running } from './servers/server.ts';

export const SENDFILE = 'nginx sendfile';

/** A file that is read over and over on one connection by a client that discards it. */
export interface Read {
  readonly server: Pick<Running, 'name' | 'pid'>;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const readingMeasures = (label: string): readonly Measure[] => [
  {
    key: 'fileCpu',
    label: `server CPU per GB, ${label}`,
    unit: 's',
    better: 'less',
    goals: [{ kind: 'ratio', to: SENDFILE, atMost: 1.2 }],
  },
  { key: 'fileRate', label: `throughput, ${label}`, unit: 'GB/s', better: 'more' },
];

export async function readOften({ server, url, headers }: Read, times: number): Promise<Sample> {
  const before = await cpuSeconds(server.pid);
  const { bytes, seconds } = await discard({ url, headers, times });
  const gigabytes = bytes / 1e9;
  return {
    fileCpu: ((await cpuSeconds(server.pid)) - before) / gigabytes,
    fileRate: gigabytes / seconds,
  };
}
