import { RegistryError } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import type { RemoteSettings, SafetyRules } from '../core/remote-settings.ts';
import { repositoryAddress, type RepositoryRow } from '../core/repository.ts';
import { durationMs } from '../lib/duration.ts';
import { readPattern, writePattern } from '../lib/rule-pattern.ts';
import { upstreamChoices } from '../lib/upstream-choice.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Seconds. */
const NOT_FOUND_MAX_AGE = 60;

/** FAILED_PRECONDITION for a repository whose upstream this server does not know (any more). */
export function remoteSettings(
  config: RepositoryRow['config'],
  format: Pick<Format, 'id' | 'upstream'>,
): RemoteSettings {
  const remote = fieldsOf(config['remoteRepositoryConfig']);
  const cache = fieldsOf(remote['cacheConfig']);
  const indexMaxAge = seconds(cache['indexMaxAge']);
  const fileMaxAge = seconds(cache['fileMaxAge']);
  return {
    upstream: upstreamOf(config, remote, format),
    noCache: remote['noCache'] !== undefined,
    ...(indexMaxAge !== undefined && { indexMaxAge }),
    ...(fileMaxAge !== undefined && { fileMaxAge }),
    notFoundMaxAge: seconds(cache['notFoundMaxAge']) ?? NOT_FOUND_MAX_AGE,
    staleWhileRevalidate: seconds(cache['staleWhileRevalidate']) ?? 0,
    rules: rulesOf(fieldsOf(remote['safetyRules']), format.upstream),
    forwardAudits: remote['forwardAudits'] === true,
    ...databaseOf(fieldsOf(remote['checksumDatabase'])),
  };
}

/** Whether copies that were not pulled for long go where there is no room for others. */
export function evictsCopies(config: RepositoryRow['config']): boolean {
  const remote = fieldsOf(config['remoteRepositoryConfig']);
  return fieldsOf(remote['cacheConfig'])['evict'] === true;
}

function upstreamOf(
  config: Fields,
  remote: Fields,
  { id, upstream }: Pick<Format, 'id' | 'upstream'>,
): RemoteSettings['upstream'] {
  const [choice] = upstreamChoices(remote);
  // An address of this server was resolved when the repository was made.
  const own = config['upstreamRepository'];
  const uri = choice && 'uri' in choice.named ? choice.named.uri : undefined;
  const repository = repositoryAddress(typeof own === 'string' ? own : (uri ?? ''));
  if (repository) return { kind: 'here', repository };
  const presets = upstream?.presets ?? {};
  const preset = choice && 'preset' in choice.named ? choice.named.preset : '';
  const address = uri ?? (Object.hasOwn(presets, preset) ? presets[preset]?.() : undefined);
  if (address !== undefined)
    return { kind: 'server', uri: address, tokenOrigins: texts(remote['tokenOrigins']) };
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'UPSTREAM_UNKNOWN',
    `the repository's upstream is not known to this server${preset && `: ${id} has no ${preset}`}; create it again with another`,
  );
}

function rulesOf(rules: Fields, upstream: Format['upstream']): SafetyRules {
  const patterns = (value: unknown) => texts(value).map((written) => spelledPattern(written, upstream));
  return {
    allow: patterns(rules['allow']),
    deny: patterns(rules['deny']),
    minimumReleaseAge: durationMs(rules['minimumReleaseAge']) ?? 0,
    minimumReleaseAgeExceptions: patterns(rules['minimumReleaseAgeExceptions']),
    pinFirstSeen: rules['pinFirstSeen'] === true,
  };
}

/** A rule means what it names, however that is written. */
function spelledPattern(written: string, upstream: Format['upstream']): string {
  const { name, version } = readPattern(written);
  const { spelled } = upstream ?? {};
  if (!spelled) return written;
  return writePattern({
    name: spelled.name(name),
    ...(version !== undefined && { version: spelled.version(version) }),
  });
}

function databaseOf({ key, uri, exceptions }: Fields): Pick<RemoteSettings, 'checksumDatabase'> {
  if (typeof key !== 'string' || key === '') return {};
  const at = typeof uri === 'string' && uri !== '' ? { uri } : {};
  return { checksumDatabase: { key, ...at, exceptions: texts(exceptions) } };
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

function seconds(value: unknown): number | undefined {
  const ms = durationMs(value);
  return ms === undefined ? undefined : ms / 1000;
}
