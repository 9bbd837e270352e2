import { invalid, notFound } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import type { Within } from '../../core/iam.ts';
import { versionInFile } from './names.ts';
import { packumentIndex } from './packument-index.ts';
import { requireRevision } from './revision.ts';
import { packageOf } from './segments.ts';
import { allVersions } from './rows.ts';

/** Deletes versions; their numbers stay used. */
export async function removeVersions(
  { repo, rights }: Pick<Command, 'repo' | 'rights'>,
  pkg: string,
  versions: readonly string[],
): Promise<void> {
  const require = (within: Within) =>
    rights.require('artifactregistry.repositories.deleteArtifacts', { package: pkg, ...within });
  for (const version of versions) await require({ version });
  for (const version of versions) await repo.unpublish(pkg, version, ({ tag }) => require({ version, tag }));
}

/** DELETE /PACKAGE/-rev/REV: all versions. */
export async function unpublishAll(command: Command): Promise<Response> {
  const { repo } = command;
  const pkg = packageOf(command);
  await requireRevision(command, pkg);
  const versions: string[] = [];
  for await (const rows of allVersions(repo, pkg)) versions.push(...rows.map(({ version }) => version));
  // A version that comes while they go stays.
  await removeVersions(command, pkg, versions);
  command.refresh(packumentIndex, { of: pkg });
  return Response.json({ ok: true });
}

/** DELETE of a tarball: what clients end with who removed its version, which took the tarball with it. */
export async function deleteTarball(command: Command): Promise<Response> {
  const { repo, params } = command;
  const pkg = packageOf(command);
  const file = param(params, 'file');
  const version = versionInFile(pkg, [file]);
  if (version === undefined) throw notFound('FILE', { path: `${pkg}/-/${file}` });
  if (await repo.version(pkg, version))
    throw invalid(
      'IN_USE',
      `${pkg} ${version} is still published, and a version keeps its tarball: unpublish the version`,
      { name: pkg, version },
    );
  return Response.json({ ok: true });
}
