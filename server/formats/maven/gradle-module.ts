import { invalid } from '../../core/error.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import { buildVersion, type MavenFile } from './layout.ts';
import { orRefusal } from './pom.ts';

export const LARGEST_MODULE = 16 * 1024 * 1024;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Holds Gradle's metadata to its path (docs.gradle.org, Gradle Module Metadata): METADATA_INVALID where it is none, or of
 * another component. One with a `url` is part of a component elsewhere.
 */
export async function checkModule(bytes: Uint8Array<ArrayBuffer>, file: MavenFile): Promise<void> {
  const what = `${file.filename} is not Gradle module metadata`;
  const module = await orRefusal(() => parseJsonStrictly(new TextDecoder().decode(bytes)), what);
  if (!isObject(module) || typeof module['formatVersion'] !== 'string')
    throw invalid('METADATA_INVALID', `${what}: it has no formatVersion`);
  const { component } = module;
  if (!isObject(component) || 'url' in component) return;
  const versions: readonly unknown[] = [file.version, buildVersion(file)];
  const isOurs =
    component['group'] === file.groupId &&
    component['module'] === file.artifactId &&
    versions.includes(component['version']);
  if (isOurs) return;
  const said = [component['group'], component['module'], component['version']].map(String).join(':');
  throw invalid(
    'METADATA_INVALID',
    `${file.filename} says that it is of ${said.slice(0, 300)}, and its path that it is of ` +
      `${file.groupId}:${file.artifactId}:${file.version}`,
  );
}
