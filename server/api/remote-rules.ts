import type { RemoteRepositoryConfig } from '../../contract/schemas/remote.ts';
import type { Format } from '../core/format.ts';
import { repositoryAddress } from '../core/repository.ts';
import { durationMs } from '../lib/duration.ts';
import { type UpstreamChoice, upstreamChoices, upstreamField } from '../lib/upstream-choice.ts';
import { wrongConfig } from './config-refusal.ts';
import { checkedUri } from './remote-uri.ts';

const CUSTOM_URI = "Custom remote repository URI must start with 'http://' or 'https://'";
const DATABASE_URI = "the uri of a checksum database must start with 'http://' or 'https://'";
const CONFIG = 'remoteRepositoryConfig';
const MOST_PATTERNS = 100;
const LONGEST_PATTERN = 256;
const MOST_ORIGINS = 10;
const YEAR_MS = 366 * 86_400_000;
const TEN_YEARS_MS = 10 * YEAR_MS;

/** Where a remote repository copies from: a server elsewhere, or a repository here, by its name. */
export type ConfiguredUpstream =
  | { readonly kind: 'server'; readonly uri: string; readonly isPreset: boolean }
  | { readonly kind: 'here'; readonly repository: string };

/** The one upstream that a configuration names, once it is known to be of the format. */
export function checkedUpstream(config: RemoteRepositoryConfig, format: Format): ConfiguredUpstream {
  const { upstream } = format;
  if (!upstream)
    throw wrongConfig(
      'mode',
      `${format.id} repositories cannot be REMOTE_REPOSITORY: this server copies nothing from elsewhere in that format`,
    );
  const { key, ...database } = config.checksumDatabase ?? {};
  if (key !== undefined && key !== '') {
    if (!upstream.checkDatabase)
      throw wrongConfig(`${CONFIG}.checksumDatabase`, `there is no checksum database of ${format.id}`);
    upstream.checkDatabase({ key, exceptions: [], ...database });
    if (database.uri) checkedUri(database.uri, `${CONFIG}.checksumDatabase.uri`, DATABASE_URI);
  }
  const presets = Object.keys(upstream.presets);
  const own = upstreamField(format.id);
  const choices = upstreamChoices(config);
  const [choice] = choices;
  const wanted = `${CONFIG}.commonRepository.uri, or ${CONFIG}.${own} with ${
    presets.length > 0 ? `publicRepository (${presets.join(', ')}) or ` : ''
  }customRepository.uri`;
  if (!choice) throw wrongConfig(CONFIG, `a REMOTE_REPOSITORY needs an upstream: ${wanted}`);
  if (choices.length > 1)
    throw wrongConfig(CONFIG, `a REMOTE_REPOSITORY has exactly one upstream; give one of ${wanted}`);
  if (choice.field !== own && choice.field !== 'commonRepository')
    throw wrongConfig(
      `${CONFIG}.${choice.field}`,
      `a ${format.id} repository has no ${choice.field}; give ${wanted}`,
    );
  return named(choice, upstream.presets, format.id);
}

function named(
  { field, named: by }: UpstreamChoice,
  presets: Readonly<Record<string, () => string>>,
  id: string,
): ConfiguredUpstream {
  if ('preset' in by) {
    const preset = Object.hasOwn(presets, by.preset) ? presets[by.preset] : undefined;
    if (preset) return { kind: 'server', uri: preset(), isPreset: true };
    throw wrongConfig(
      `${CONFIG}.${field}.publicRepository`,
      `${by.preset} is no public repository of ${id} that this server knows; give its address as customRepository.uri`,
    );
  }
  if (repositoryAddress(by.uri)) return { kind: 'here', repository: by.uri };
  const at = `${CONFIG}.${field === 'commonRepository' ? field : `${field}.customRepository`}.uri`;
  checkedUri(by.uri, at, CUSTOM_URI);
  return { kind: 'server', uri: by.uri, isPreset: false };
}

/** Refuses what is beyond Google in a configuration and cannot be. */
export function checkRemote({
  cacheConfig = {},
  safetyRules = {},
  tokenOrigins = [],
}: RemoteRepositoryConfig): void {
  for (const [field, value] of Object.entries(cacheConfig))
    if (typeof value === 'string') checkDuration(value, YEAR_MS, `${CONFIG}.cacheConfig.${field}`);
  if (safetyRules.minimumReleaseAge !== undefined)
    checkDuration(safetyRules.minimumReleaseAge, TEN_YEARS_MS, `${CONFIG}.safetyRules.minimumReleaseAge`);
  for (const field of ['allow', 'deny', 'minimumReleaseAgeExceptions'] as const)
    checkPatterns(safetyRules[field] ?? [], field);
  if (tokenOrigins.length > MOST_ORIGINS)
    throw wrongConfig(`${CONFIG}.tokenOrigins`, `there are more than ${MOST_ORIGINS} tokenOrigins`);
  for (const origin of tokenOrigins) {
    const url = checkedUri(
      origin,
      `${CONFIG}.tokenOrigins`,
      "tokenOrigins must start with 'http://' or 'https://'",
    );
    if (url.pathname !== '/')
      throw wrongConfig(
        `${CONFIG}.tokenOrigins`,
        `"${origin.slice(0, 100)}" has a path; write an origin such as https://auth.example.com`,
      );
  }
}

function checkDuration(value: unknown, most: number, field: string): void {
  const ms = durationMs(value);
  if (ms !== undefined && ms >= 0 && ms <= most) return;
  const name = field.slice(field.lastIndexOf('.') + 1);
  throw wrongConfig(field, `${name} must be from 0s to ${most / 1000}s`);
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const UNWRITABLE = /[\s\u0000-\u001f\u007f]/;

function checkPatterns(patterns: readonly string[], name: string): void {
  const field = `${CONFIG}.safetyRules.${name}`;
  if (patterns.length > MOST_PATTERNS)
    throw wrongConfig(
      field,
      `${name} has ${patterns.length} patterns; at most ${MOST_PATTERNS} are possible`,
    );
  for (const pattern of patterns)
    if (pattern === '' || pattern.length > LONGEST_PATTERN || UNWRITABLE.test(pattern))
      throw wrongConfig(
        field,
        `"${pattern.slice(0, 100)}" in ${name} is no pattern: write NAME or NAME@VERSION of up to ${LONGEST_PATTERN} ` +
          'characters without spaces, with * for any text',
      );
}
