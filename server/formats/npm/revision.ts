import { RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';

/** What `_rev` says of a package: another text after every change of it. */
export const revisionText = (revision: number): string =>
  `${revision}-${revision.toString(16).padStart(8, '0')}`;

/**
 * Holds a change to the revision that its client looked at. ABORTED (409) when the package was changed since: what is missing
 * in an older document may only have come meanwhile.
 */
export async function requireRevision(
  { repo, params }: Pick<Command, 'repo' | 'params'>,
  pkg: string,
): Promise<void> {
  const state = await repo.packageState(pkg);
  if (!state) throw packageUnknown(pkg);
  if (param(params, 'rev') === revisionText(state.revision)) return;
  throw new RegistryError(
    'ABORTED',
    'REVISION_OUTDATED',
    `${pkg} was changed by somebody else meanwhile: look at it again, then try again`,
    { details: { name: pkg } },
  );
}

export const packageUnknown = (name: string): RegistryError =>
  new RegistryError('NOT_FOUND', 'PACKAGE_UNKNOWN', `Not found: there is no package ${name} here`, {
    details: { name },
  });

export const versionUnknown = (name: string, version: string): RegistryError =>
  new RegistryError('NOT_FOUND', 'VERSION_UNKNOWN', `version not found: ${name} has no ${version}`, {
    details: { name, version },
  });
