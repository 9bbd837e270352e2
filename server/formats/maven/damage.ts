import { invalid } from '../../core/error.ts';
import type { MavenAttributes } from './attributes.ts';
import { buildVersion, type MavenFile, readPath } from './layout.ts';
import { fileKey } from './snapshot.ts';

/**
 * Clients go on when a checksum is refused, and say that all went well; when a POM is refused they do not. So a file that did not
 * arrive as it was sent is remembered until its POM comes, without which no list has the version, and no snapshot the build.
 */
export function withDamaged(before: MavenAttributes, file: MavenFile): MavenAttributes {
  const { damaged = [], files, pom } = before;
  if (damaged.includes(file.path) || (pom !== undefined && isOfSameBuild(pom, file))) return before;
  const whole = Object.entries(files ?? {}).filter(
    ([key, { value }]) => key !== fileKey(file) || value !== buildVersion(file),
  );
  return {
    ...before,
    ...(files && { files: Object.fromEntries(whole) }),
    damaged: [...damaged, file.path],
  };
}

/** Refuses a POM to a version, or to a build of a snapshot, with a damaged file. DIGEST_INVALID. */
export function refuseDamaged({ damaged = [] }: MavenAttributes, pom: MavenFile): void {
  const path = damaged.find((each) => isOfSameBuild(each, pom));
  if (path === undefined) return;
  throw invalid(
    'DIGEST_INVALID',
    `${path.slice(path.lastIndexOf('/') + 1)} did not arrive as its checksum says, so ${buildVersion(pom)} is not published: deploy ` +
      'another version, or delete this one and deploy it again',
    { path },
  );
}

function isOfSameBuild(path: string, other: MavenFile): boolean {
  const file = readPath(path);
  return !('wrong' in file) && buildVersion(file) === buildVersion(other);
}
