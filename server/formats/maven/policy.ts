import { RegistryError } from '../../core/error.ts';
import type { MavenFile } from './layout.ts';
import { isFixed } from './files.ts';
import { isSnapshot } from './versions.ts';

/** `Repository.mavenConfig` (gar.md 1.4). */
interface MavenConfig {
  readonly versionPolicy?: string;
  readonly allowSnapshotOverwrites?: boolean;
}

export const configOf = (settings: Readonly<Record<string, unknown>>): MavenConfig =>
  (settings['mavenConfig'] as MavenConfig | undefined) ?? {};

/** Refuses versions of a kind that the repository is not for. FAILED_PRECONDITION (VERSION_POLICY). */
export function checkPolicy({ version }: Pick<MavenFile, 'version'>, { versionPolicy }: MavenConfig): void {
  const kind = isSnapshot(version) ? 'SNAPSHOT' : 'RELEASE';
  if (versionPolicy !== 'RELEASE' && versionPolicy !== 'SNAPSHOT') return;
  if (versionPolicy === kind) return;
  const what = kind === 'SNAPSHOT' ? `${version} is a snapshot` : `${version} is a release`;
  const other = kind === 'SNAPSHOT' ? '<snapshotRepository>' : '<repository>';
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'VERSION_POLICY',
    `${what}, and this repository takes ${versionPolicy === 'RELEASE' ? 'releases' : 'snapshots'} only: ` +
      `name another one in ${other} of distributionManagement`,
  );
}

/** Whether a file may become another. */
export const mayOverwrite = (file: MavenFile, { allowSnapshotOverwrites = false }: MavenConfig): boolean =>
  allowSnapshotOverwrites && !isFixed(file);

/** That a file is there with other bytes. */
export function exists(file: MavenFile, digest: string): RegistryError {
  const { filename, version } = file;
  const why = isFixed(file)
    ? isSnapshot(version)
      ? 'a build of a snapshot stays what it was: deploy another build'
      : `${version} is a release, which stays what it was: deploy another version`
    : 'snapshots are not overwritten here: deploy with unique versions, as Maven 3 does, or to a repository that was made with ' +
      'mavenConfig.allowSnapshotOverwrites (--allow-snapshot-overwrites)';
  return new RegistryError(
    'ALREADY_EXISTS',
    'FILE_EXISTS',
    `${filename} is here with other bytes (${digest}); ${why}`,
    {
      details: { filename, digest },
    },
  );
}
