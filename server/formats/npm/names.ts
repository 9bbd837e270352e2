import validate from 'validate-npm-package-name';
import { invalid } from '../../core/error.ts';

/** A name as the public registry takes new ones. NAME_INVALID for others. */
export function newPackageName(text: string): string {
  const why = problemsOf(text).at(0);
  if (why !== undefined) throw refuse(text, why);
  return text;
}

/** A name that a package may have by the rules of any time, so that old ones can still be read. NAME_INVALID for others. */
export function packageName(text: string): string {
  const [why] = hardProblemsOf(text);
  if (why !== undefined) throw refuse(text, why);
  return text;
}

/** `@scope`, or nothing. */
export const scopeOf = (name: string): string | undefined =>
  name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined;

/** The name without its scope. */
const baseOf = (name: string): string => name.slice(name.indexOf('/') + 1);

/** What the file of a version is called in every address of ours: `name-1.0.0.tgz`, without the scope. */
const tarballName = (name: string, version: string): string => `${baseOf(name)}-${version}.tgz`;

/** Where the file of a version is, below its repository. The scope is not escaped: old clients take it for a folder. */
export const tarballPath = (name: string, version: string): string =>
  `${name}/-/${tarballName(name, version)}`;

/**
 * The version that a tarball's file name is of, as text. What is in front of it is the name, with its scope
 * (`@scope/name-1.0.0.tgz`, in one decoded segment or two) or without. Nothing for any other file.
 */
export function versionInFile(name: string, segments: readonly string[]): string | undefined {
  const file = segments.join('/');
  if (!file.endsWith('.tgz')) return undefined;
  const prefix = [`${baseOf(name)}-`, `${name}-`].find((front) => file.startsWith(front));
  const version = prefix === undefined ? '' : file.slice(prefix.length, -'.tgz'.length);
  return version === '' || version.includes('/') ? undefined : version;
}

const refuse = (text: string, why: string): Error => {
  const shown = text.slice(0, 220);
  return invalid('NAME_INVALID', `${JSON.stringify(shown)} is not a package name: ${why}`, { name: shown });
};

const problemsOf = (text: string): readonly string[] => [
  ...hardProblemsOf(text),
  ...(validate(text).warnings ?? []),
];

function hardProblemsOf(text: string): readonly string[] {
  const [scope, base = scope] = text.startsWith('@') ? text.slice(1).split('/') : [text];
  // The library lets these pass, and they would be folders of an address.
  const folders = [scope, base].some((part) => part?.startsWith('.') || part === '-');
  return [
    ...(validate(text).errors ?? []),
    ...(folders ? ['a name or scope cannot start with a period or be a hyphen'] : []),
  ];
}
