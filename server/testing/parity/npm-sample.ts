import { NpmClient } from '../npm.ts';
import type { Circumstances } from './meant.ts';
import type { Sample } from './sample.ts';

const ABBREVIATED = {
  accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
};

const ofACopy = ({ situation, read }: Circumstances): boolean =>
  situation !== 'own' && /^left-pad(?:\/latest)?$/.test(read.path);

/** A package with versions, tags, a deprecation and a provenance, and one of a scope. */
export const npmSample: Sample = {
  meant: [
    {
      why: 'where attestations are is what the upstream says: clients ask for its path below their registry',
      when: ofACopy,
      fields: ['body'],
      same: (text) => text.replaceAll(/"attestations":\{"url":"[^"]*"/g, ''),
    },
    { why: 'and so documents are as long as its address', when: ofACopy, fields: ['content-length'] },
  ],
  async publish(server, repository) {
    const client = new NpmClient(server, repository);
    const more = { description: 'pads', keywords: ['pad'], license: 'MIT', bin: { pad: 'pad.js' } };
    await client.publish({ name: 'left-pad', version: '1.0.0', more: { ...more, deprecated: 'too old' } });
    await client.publish({ name: 'left-pad', version: '1.1.0', more, provenance: true });
    await client.publish({ name: 'left-pad', version: '2.0.0-beta.1', tag: 'next', more });
    await client.publish({
      name: '@acme/tools',
      version: '0.1.0',
      more: { scripts: { install: 'true' }, dependencies: { 'left-pad': '^1.0.0' } },
      files: { 'README.md': 'Tools — for everything.' },
    });
    return [
      { path: 'left-pad' },
      { path: 'left-pad', headers: ABBREVIATED },
      { path: 'left-pad', headers: { accept: 'text/html' } },
      { path: '@acme%2ftools' },
      { path: '@acme%2Ftools', headers: ABBREVIATED },
      { path: '@acme/tools' },
      { path: 'left-pad/1.0.0' },
      { path: 'left-pad/latest' },
      { path: 'left-pad/next' },
      { path: '@acme%2ftools/0.1.0' },
      { path: '-/package/left-pad/dist-tags' },
      { path: '-/package/@acme%2ftools/dist-tags' },
      { path: 'left-pad/-/left-pad-1.0.0.tgz' },
      { path: 'left-pad/-/left-pad-2.0.0-beta.1.tgz' },
      { path: '@acme/tools/-/tools-0.1.0.tgz' },
      { path: '@acme%2ftools/-/tools-0.1.0.tgz' },
      { path: '-/npm/v1/attestations/left-pad@1.1.0' },
      { path: '-/npm/v1/attestations/left-pad@1.0.0' },
      { path: 'right-pad' },
      { path: 'right-pad', headers: ABBREVIATED },
      { path: '@acme%2fnothing' },
      { path: 'right-pad/1.0.0' },
      { path: 'left-pad/9.9.9' },
      { path: 'left-pad/nothing' },
      { path: '-/package/right-pad/dist-tags' },
      { path: 'left-pad/-/left-pad-9.9.9.tgz' },
      { path: 'left-pad/-/right-pad-1.0.0.tgz' },
      { path: 'right-pad/-/right-pad-1.0.0.tgz' },
      { path: 'left-pad/-/left-pad.zip' },
      { path: '.hidden' },
      { path: '@acme' },
      { path: 'left-pad/-/a/b' },
    ];
  },
};
