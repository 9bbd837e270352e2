import semver from 'semver';
import { invalid } from '../../core/error.ts';
import type { Manifest } from './attributes.ts';
import type { TarballContents } from './tarball.ts';
import { withoutBuild } from './versions.ts';

/**
 * What decides what an installation does. It is what the tarball says: clients install by the packument and people
 * review the tarball, so the two must not differ.
 */
const OF_TARBALL = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'acceptDependencies',
  'bundleDependencies',
  'bundledDependencies',
  'bin',
  'scripts',
  'directories',
  'engines',
  'os',
  'cpu',
  'libc',
  '_hasShrinkwrap',
  'hasInstallScript',
];

/**
 * The manifest of a version as it is shown: the one that was sent, with the tarball's word on everything that decides
 * what an installation does. INVALID_ARGUMENT (MANIFEST_MISMATCH) for a tarball of another package or version.
 */
export function checkedManifest(
  sent: Manifest,
  { packageJson, hasBindingGyp }: Pick<TarballContents, 'packageJson' | 'hasBindingGyp'>,
): Manifest {
  const { name, version } = packageJson;
  if (name !== sent['name'] || plain(version) !== plain(sent['version']))
    throw invalid(
      'MANIFEST_MISMATCH',
      `the tarball's package.json is of ${shown(name)} ${shown(version)}, and the manifest of ${shown(sent['name'])} ${shown(sent['version'])}`,
    );
  const others = Object.entries(sent).filter(([key]) => !OF_TARBALL.includes(key));
  const own = Object.entries(normal(packageJson)).filter(([key]) => OF_TARBALL.includes(key));
  return Object.fromEntries([
    ...others,
    ...own.filter(([key, value]) => key !== 'hasInstallScript' && value !== undefined),
    ...(runsAtInstall(packageJson['scripts'], packageJson['gypfile'], hasBindingGyp)
      ? [['hasInstallScript', true] as const]
      : []),
  ]);
}

/** As clients expect it of a registry: one spelling of what package.json may spell in several ways. */
function normal(packageJson: Manifest): Manifest {
  const {
    bin,
    dependencies,
    bundledDependencies,
    bundleDependencies = bundledDependencies,
    ...rest
  } = packageJson;
  const bundled =
    bundleDependencies === true
      ? Object.keys(isObject(dependencies) ? dependencies : {})
      : bundleDependencies;
  return {
    ...rest,
    dependencies,
    bundledDependencies: undefined,
    bundleDependencies: Array.isArray(bundled) ? bundled : undefined,
    bin: normalBin(bin, packageJson['name']),
  };
}

function normalBin(bin: unknown, name: unknown): unknown {
  if (typeof bin === 'string') return { [String(name).replace(/^@[^/]*\//, '')]: withoutDot(bin) };
  if (!isObject(bin)) return undefined;
  return Object.fromEntries(
    Object.entries(bin).flatMap(([command, path]) =>
      typeof path === 'string' ? [[command, withoutDot(path)]] : [],
    ),
  );
}

/** Clients build native code by themselves where there is a binding.gyp and no script that does. */
function runsAtInstall(scripts: unknown, gypfile: unknown, hasBindingGyp: boolean): boolean {
  const has = (name: string): boolean =>
    isObject(scripts) && typeof scripts[name] === 'string' && scripts[name] !== '';
  return has('preinstall') || has('install') || has('postinstall') || (hasBindingGyp && gypfile !== false);
}

const plain = (version: unknown): string | undefined =>
  typeof version === 'string' ? withoutBuild(semver.clean(version, true) ?? version) : undefined;
const withoutDot = (path: string): string => path.replace(/^\.\//, '');
const isObject = (value: unknown): value is Manifest =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 240);
