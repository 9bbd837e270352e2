import { type Artifact, descriptorOf, folder, jarOf, MavenClient, pathOf } from '../maven.ts';
import type { Circumstances } from './meant.ts';
import type { Sample } from './sample.ts';

const LIBRARY: Artifact = { name: 'library', version: '1.0' };
const NEXT: Artifact = { name: 'library', version: '1.10' };
const OLDER: Artifact = { name: 'library', version: '1.9' };
const BUILD: Artifact = { name: 'library', version: '2.0-SNAPSHOT', build: '20240102.030405-6' };
const PLAIN: Artifact = { name: 'plain', version: '1.0-SNAPSHOT' };
const PLUGIN: Artifact = { group: 'com.acme.library', name: 'acme-maven-plugin', version: '1.0' };

const isUnfetched = ({ situation, probe }: Circumstances): boolean =>
  situation === 'passed' || (situation === 'cold' && probe.method === 'HEAD');

/** An artifact with a snapshot, a plugin whose group is in the folder of the artifact, and a snapshot without builds. */
export const mavenSample: Sample = {
  meant: [
    {
      why: 'what a file hashes to is known when it is here',
      when: isUnfetched,
      fields: ['x-checksum-md5', 'x-checksum-sha1', 'x-checksum-sha256', 'x-checksum-sha512'],
    },
    {
      why: 'metadata does not say when its versions came, so of a copy as it was it is of those that had been copied',
      when: ({ situation, read }) => situation === 'past copy' && read.path.includes('maven-metadata.xml'),
      fields: [
        'status',
        'body',
        'content-type',
        'content-length',
        'content-encoding',
        'content-range',
        'cache-control',
        'cache-status',
        'age',
        'etag',
        'last-modified',
        'vary',
        'x-content-type-options',
      ],
    },
  ],
  async publish(server, repository) {
    const client = new MavenClient(server, repository);
    for (const artifact of [LIBRARY, NEXT, OLDER, BUILD, PLAIN]) await client.publish(artifact);
    await client.publish(PLUGIN, jarOf([descriptorOf(PLUGIN, 'acme')]));
    await client.take({
      [pathOf(LIBRARY, '.jar.asc')]: 'signature',
      [pathOf(LIBRARY, '-sources.jar')]: jarOf(),
    });
    const metadata = `${folder(LIBRARY)}/maven-metadata.xml`;
    const snapshot = `${folder(BUILD)}/2.0-SNAPSHOT/maven-metadata.xml`;
    return [
      { path: pathOf(LIBRARY) },
      { path: `${pathOf(LIBRARY)}.sha1` },
      { path: `${pathOf(LIBRARY)}.md5` },
      { path: `${pathOf(LIBRARY)}.sha512` },
      { path: pathOf(LIBRARY, '.pom') },
      { path: `${pathOf(LIBRARY, '.pom')}.sha256` },
      { path: pathOf(LIBRARY, '.jar.asc') },
      { path: pathOf(LIBRARY, '-sources.jar') },
      { path: metadata },
      { path: `${metadata}.sha1` },
      { path: `${metadata}.sha256` },
      { path: snapshot },
      { path: `${snapshot}.md5` },
      { path: pathOf(BUILD) },
      { path: pathOf(PLAIN) },
      { path: `${pathOf(PLAIN)}.sha1` },
      { path: `${folder(PLAIN)}/1.0-SNAPSHOT/maven-metadata.xml` },
      { path: `${folder(PLUGIN)}/maven-metadata.xml` },
      { path: pathOf({ name: 'library', version: '9.9' }) },
      { path: `${pathOf({ name: 'library', version: '9.9' })}.sha1` },
      { path: pathOf({ name: 'nothing' }) },
      { path: 'com/acme/nothing/maven-metadata.xml' },
      { path: 'com/acme/nothing/maven-metadata.xml.sha1' },
      { path: 'com/acme/nothing/1.0-SNAPSHOT/maven-metadata.xml' },
      { path: 'com/maven-metadata.xml' },
      { path: 'maven-metadata.xml' },
      { path: 'archetype-catalog.xml' },
      { path: '.meta/prefixes.txt' },
      { path: 'com/acme/library/1.0/other-1.0.jar' },
    ];
  },
};
