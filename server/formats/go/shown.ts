import type { VersionRow } from '../../core/catalog.ts';
import type { Fact, FormatApi, Snippet } from '../../core/format.ts';
import { uploadGoModule } from './api-upload.ts';
import { fromAttributes } from './attributes.ts';
import { goModules } from './go-modules.ts';

/** What people paste to use a repository. `address` has neither scheme nor a slash at the end. */
export const snippets = (address: string): readonly Snippet[] => [
  { title: 'Use it for all modules', language: 'sh', text: `go env -w GOPROXY=https://${address},direct` },
  {
    title: 'Modules that no public checksum database knows',
    language: 'sh',
    text: 'go env -w GONOSUMDB=YOUR.DOMAIN',
  },
  { title: 'Install', language: 'sh', text: `GOPROXY=https://${address} go get MODULE@VERSION` },
  {
    title: 'Publish',
    language: 'sh',
    text: 'entrepot artifacts go upload --repository=REPOSITORY --module-path=MODULE --version=VERSION --source=DIRECTORY',
  },
];

/** What there is to say of a version. */
export function facts({ attributes }: VersionRow): readonly Fact[] {
  const { time, zipHash, modHash } = fromAttributes(attributes);
  const said: readonly (readonly [string, string | undefined])[] = [
    ['Published', time === undefined ? undefined : new Date(time).toISOString()],
    ['Hash', zipHash],
    ['Hash of go.mod', modHash],
  ];
  return said.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

function metadata({ package: modulePath, version, attributes }: VersionRow): Record<string, unknown> {
  const { zipHash, modHash } = fromAttributes(attributes);
  return {
    modulePath,
    version,
    ...(zipHash !== undefined && { hash: zipHash }),
    ...(modHash !== undefined && { goModHash: modHash }),
  };
}

/** As in `go.sum`, without its `h1:`. */
function dirsum({ attributes }: Pick<VersionRow, 'attributes'>, path = '.zip'): Buffer | undefined {
  const { zipHash, modHash } = fromAttributes(attributes);
  const hash = path.endsWith('.zip') ? zipHash : path.endsWith('.mod') ? modHash : undefined;
  const [, sum] = /^h1:(.+)$/.exec(hash ?? '') ?? [];
  return sum === undefined ? undefined : Buffer.from(sum, 'base64');
}

export const goApi: FormatApi = { metadata, dirsum, views: [goModules], uploads: [uploadGoModule] };
