import {
  attestationsOf,
  fieldsOf,
  JSON_INDEX,
  PythonClient,
  sdist,
  sdistName,
  wheel,
  wheelName,
} from '../python.ts';
import type { Sample } from './sample.ts';

const HTML_INDEX = 'application/vnd.pypi.simple.v1+html';

/** A project with wheels, a source distribution and a provenance, and one whose name is written in several ways. */
export const pythonSample: Sample = {
  meant: [
    {
      why: 'the list of all projects is of those of which there are copies: upstreams have tens of megabytes of them',
      when: ({ situation, read }) =>
        (situation === 'cold' || situation === 'passed') && read.path === 'simple/',
      fields: ['status', 'body', 'content-length', 'etag'],
    },
  ],
  async publish(server, repository) {
    const client = new PythonClient(server, repository);
    const release = { name: 'alpha', version: '1.0', metadata: ['Requires-Python: >=3.9'] };
    const attested = { name: 'alpha', version: '1.1' };
    await client.publish(release);
    const attestations = attestationsOf(wheelName(attested), wheel(attested));
    await client.publish(attested, { attestations });
    const source = await sdist(release);
    await client.upload(sdistName(release), source, { ...fieldsOf(release, source), filetype: 'sdist' });
    await client.publish({ name: 'Beta.Tools', version: '2.0rc1' });
    const file = wheelName(release);
    return [
      { path: 'simple/alpha/' },
      { path: 'simple/alpha/', headers: { accept: JSON_INDEX } },
      { path: 'simple/alpha/', headers: { accept: HTML_INDEX } },
      { path: 'simple/alpha/?format=application/vnd.pypi.simple.v1%2Bjson' },
      { path: 'simple/alpha/', headers: { accept: 'image/png' } },
      { path: 'simple/beta-tools/', headers: { accept: JSON_INDEX } },
      { path: 'simple/Beta.Tools/' },
      { path: 'simple/alpha' },
      { path: 'simple/' },
      { path: 'simple/', headers: { accept: JSON_INDEX } },
      { path: `alpha/${file}` },
      { path: `alpha/${file}.metadata` },
      { path: `alpha/${sdistName(release)}` },
      { path: `beta-tools/${wheelName({ name: 'Beta.Tools', version: '2.0rc1' })}` },
      { path: `integrity/alpha/1.1/${wheelName(attested)}/provenance` },
      { path: `integrity/alpha/1.0/${file}/provenance` },
      { path: 'simple/gamma/' },
      { path: 'simple/gamma/', headers: { accept: JSON_INDEX } },
      { path: 'simple/-gamma-/' },
      { path: 'alpha/alpha-9.9-py3-none-any.whl' },
      { path: 'alpha/alpha-9.9-py3-none-any.whl.metadata' },
      { path: `alpha/${sdistName(release)}.metadata` },
      { path: 'gamma/gamma-1.0-py3-none-any.whl' },
      { path: 'alpha/alpha.exe' },
      { path: 'nothing/at/all' },
    ];
  },
};
