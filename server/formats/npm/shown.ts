import type { VersionRow } from '../../core/catalog.ts';
import type { Fact, Snippet } from '../../core/format.ts';
import { fromAttributes } from './attributes.ts';

/** What people paste to use a repository. `address` has neither scheme nor a slash at the end. */
export const snippets = (address: string): readonly Snippet[] => [
  {
    title: 'Log in',
    language: 'sh',
    text: `npm login --registry=https://${address}/`,
  },
  {
    title: 'Use it for all packages (.npmrc)',
    language: 'ini',
    text: `registry=https://${address}/`,
  },
  {
    title: 'Use it for one scope (.npmrc)',
    language: 'ini',
    text: `@SCOPE:registry=https://${address}/`,
  },
  { title: 'Publish', language: 'sh', text: `npm publish --registry=https://${address}/` },
  { title: 'Install', language: 'sh', text: `npm install PACKAGE --registry=https://${address}/` },
];

/** What there is to say of a version. */
export function facts({ attributes }: VersionRow): readonly Fact[] {
  const { manifest = {}, dist, deprecated, provenance } = fromAttributes(attributes);
  const texts = ['description', 'license', 'homepage'] as const;
  return [
    ...texts.flatMap((field) => {
      const value = manifest[field];
      return typeof value === 'string' ? [{ label: LABELS[field], value }] : [];
    }),
    ...(dist?.integrity !== undefined ? [{ label: 'Integrity', value: dist.integrity }] : []),
    ...(dist?.fileCount === undefined ? [] : [{ label: 'Files', value: String(dist.fileCount) }]),
    ...(deprecated === undefined ? [] : [{ label: 'Deprecated', value: deprecated }]),
    ...(provenance === undefined ? [] : [{ label: 'Provenance', value: provenance }]),
  ];
}

const LABELS = { description: 'Description', license: 'License', homepage: 'Homepage' } as const;
