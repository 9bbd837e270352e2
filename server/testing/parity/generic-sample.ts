import { HELD_BYTES } from '../../core/downloads.ts';
import { GenericClient } from '../generic.ts';
import type { Circumstances } from './meant.ts';
import type { Sample } from './sample.ts';

const LARGE = 'app/1.0/large.bin';
const DIGESTS = ['etag', 'repr-digest', 'x-checksum-sha256'];

const isFolder = ({ read }: Circumstances): boolean => /^$|^\?|\/(?:\?.*)?$/.test(read.path);
const isNew = ({ situation }: Circumstances): boolean => situation === 'cold' || situation === 'passed';
const dates = (text: string): string =>
  text.replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::[\d.]+Z)?/g, 'a date');

/** Files of several versions, some in folders, some whose names need escapes, an empty and a long one. */
export const genericSample: Sample = {
  meant: [
    {
      why: 'trees elsewhere have no lists that one could rely on, so what is listed is what was copied',
      when: (at) => isNew(at) && (isFolder(at) || at.read.path === 'tool/1.0'),
      fields: [
        'status',
        'body',
        'content-length',
        'content-type',
        'cache-control',
        'location',
        'vary',
        'content-security-policy',
        'cross-origin-opener-policy',
        'permissions-policy',
        'referrer-policy',
        'x-content-type-options',
        'x-frame-options',
      ],
    },
    {
      why: 'where a folder is written like a file, only the upstream says that there is no such file',
      when: ({ situation, read }) => situation === 'cut' && read.path === 'tool/1.0',
      fields: [
        'status',
        'body',
        'content-length',
        'content-type',
        'location',
        'retry-after',
        'x-content-type-options',
      ],
    },
    {
      why: 'and with the time when that was',
      when: (at) => !isNew(at) && at.situation !== 'own' && isFolder(at),
      fields: ['body'],
      same: dates,
    },
    {
      why: 'nothing promises what a file hashes to, so that is known when all of it is here',
      when: isNew,
      fields: DIGESTS,
    },
    {
      why: 'and until then conditions on it do not hold',
      when: (at) =>
        isNew(at) &&
        at.read.path === LARGE &&
        (at.probe.name === 'unless it is the same' ||
          at.probe.name === 'unless there is any' ||
          at.probe.name === 'a range if it is the same'),
      fields: ['status', 'body', 'content-length', 'content-range', 'transfer-encoding'],
    },
  ],
  async publish(server, repository) {
    const client = new GenericClient(server, repository);
    await client.publish('tool/1.0/tool.txt', 'the tool');
    await client.publish('tool/1.0/docs/read%20me%3A%25.txt', 'read me');
    await client.publish('tool/1:2.0/tool.txt', 'another tool');
    await client.publish('tool/2.0/empty', '');
    await client.publish('app-x/1.0/%C3%BC+&%3Cb%3E.bin', 'markup');
    await client.publish(LARGE, 'large '.repeat(HELD_BYTES / 3));
    return [
      { path: 'tool/1.0/tool.txt' },
      { path: 'tool/1.0/docs/read%20me%3A%25.txt' },
      { path: 'tool/1:2.0/tool.txt' },
      { path: 'tool/2.0/empty' },
      { path: 'app-x/1.0/%C3%BC+&%3Cb%3E.bin' },
      { path: LARGE },
      { path: '' },
      { path: '', headers: { accept: 'text/html' } },
      { path: 'tool/' },
      { path: 'tool/1.0/' },
      { path: 'tool/1.0/', headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } },
      { path: 'tool/1.0/?recursive=true' },
      { path: '?recursive=true' },
      { path: '?pageSize=1' },
      { path: 'tool/1.0' },
      { path: 'tool/9.9/tool.txt' },
      { path: 'tool/9.9/' },
      { path: 'nothing' },
    ];
  },
};
