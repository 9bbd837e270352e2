import { fileOf, GoClient } from '../go.ts';
import type { Sample } from './sample.ts';

/** A module with releases and what comes before one, one whose path has capitals, and one without a go.mod. */
export const goSample: Sample = {
  meant: [
    {
      why: 'what a tag stood for at another server is not known here',
      when: ({ situation, read }) => situation === 'past copy' && read.path.includes('%21stable'),
      fields: ['status', 'body', 'content-type', 'content-length', 'cache-control', 'cache-status', 'age'],
    },
  ],
  async publish(server, repository) {
    const client = new GoClient(server, repository);
    const lib = { module: 'example.com/Acme/lib', version: 'v1.0.0' };
    const beta = { module: 'example.com/Acme/lib', version: 'v1.1.0-beta.1' };
    const next = { module: 'example.com/Acme/lib/v2', version: 'v2.0.0' };
    const old = { module: 'example.com/old', version: 'v3.0.0+incompatible', files: { 'go.mod': '' } };
    for (const each of [lib, beta, next, old]) await client.publish(each);
    await client.tag(lib, 'Stable');
    return [
      { path: 'example.com/%21acme/lib/@v/list' },
      { path: 'example.com/!acme/lib/@v/list' },
      { path: 'example.com/%21acme/lib/v2/@v/list' },
      { path: 'example.com/old/@v/list' },
      { path: 'example.com/%21acme/lib/@latest' },
      { path: 'example.com/old/@latest' },
      ...[lib, beta, next, old].flatMap((each) => [
        { path: fileOf(each, 'info') },
        { path: fileOf(each, 'mod') },
        { path: fileOf(each, 'zip') },
      ]),
      { path: fileOf({ ...lib, version: 'v9.9.9' }, 'info') },
      { path: fileOf({ ...lib, version: 'v9.9.9' }, 'zip') },
      { path: fileOf({ ...lib, version: 'v2.0.0' }, 'mod') },
      { path: 'example.com/%21acme/lib/@v/%21stable.info' },
      { path: 'example.com/%21acme/lib/@v/main.info' },
      { path: 'example.com/%21acme/lib/@v/v1.info' },
      { path: 'example.com/%21acme/lib/@v/main.zip' },
      { path: 'example.com/%21acme/lib/@v/a%2Fb.info' },
      { path: 'example.com/Acme/lib/@v/list' },
      { path: 'example.com/%21acme/@v/list' },
      { path: 'example.com/@v/list' },
      { path: 'example/@v/list' },
      { path: '@v/list' },
      { path: 'example.com/nothing/@latest' },
      { path: 'example.com/!/@v/list' },
      { path: 'nothing/at/all' },
    ];
  },
};
