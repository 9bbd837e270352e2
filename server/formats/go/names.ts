import { invalid } from '../../core/error.ts';
import { majorIn, type Wrong, wrongModulePath } from './paths.ts';
import { isPseudo, majorOf, parseVersion } from './versions.ts';

/** What a version consists of (go.dev/ref/mod#goproxy-protocol). */
export const KINDS = ['info', 'mod', 'zip'] as const;
export type Kind = (typeof KINDS)[number];

/** Upper-case letters written as `!` and the lower-case one, since some file systems know no difference (go.dev/ref/mod#goproxy-protocol). */
export const escaped = (text: string): string =>
  text.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);

/** The text that an escaped one stands for. Nothing for what is not escaped as it must be. */
export function unescaped(text: string): string | undefined {
  if (!/^(?:[^!A-Z]|![a-z])*$/.test(text)) return undefined;
  return text.replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Where a version's file is, below a repository here and at every server of the protocol. */
export const filePath = (module: string, version: string, kind: Kind): string =>
  `${escaped(module)}/@v/${escaped(version)}.${kind}`;

/** What keeps a version from being one of a module; nothing where it may be. */
export function wrongVersion(module: string, version: string): Wrong {
  const parsed = parseVersion(version);
  if (!parsed) return 'it is not canonical: write vMAJOR.MINOR.PATCH, such as v1.2.3 or v1.2.3-beta.1';
  const path = majorIn(module) ?? '';
  const major = majorOf(parsed);
  if (path === '') {
    if (parsed.isIncompatible ? major >= 2n : major <= 1n) return undefined;
    return parsed.isIncompatible
      ? '+incompatible is for v2 and up'
      : `the path must end in /v${major} for it, or the version must be v0 or v1`;
  }
  if (path === '.v1' && version.startsWith('v0.0.0-')) return undefined;
  if (parsed.isIncompatible) return `+incompatible is for paths that do not end in ${path}`;
  return path.slice(1) === `v${major}` ? undefined : `it should be ${path.slice(1)}, not v${major}`;
}

/** A module's version that is uploaded. NAME_INVALID or VERSION_INVALID for what is none. */
export function checkNames(module: string, version: string): void {
  const why = wrongModulePath(module);
  if (why !== undefined)
    throw invalid('NAME_INVALID', `malformed module path ${shown(module)}: ${why}`, {
      module: module.slice(0, 220),
    });
  const wrong = isPseudo(version)
    ? 'a pseudo-version stands for a commit; tag it and upload that'
    : wrongVersion(module, version);
  if (wrong !== undefined)
    throw invalid('VERSION_INVALID', `${shown(module)} cannot have version ${shown(version)}: ${wrong}`, {
      version: version.slice(0, 140),
    });
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 220));
