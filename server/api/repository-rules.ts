import { FORMATS, type Repository } from '../../contract/schemas/repository.ts';
import { invalid } from '../core/error.ts';
import { durationMs } from '../lib/duration.ts';
import type { Format } from '../core/format.ts';
import type { RepositoryAddress } from '../core/repository.ts';

const ID = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MOST_LABELS = 64;
/** cloud.google.com/compute/docs/labeling-resources#requirements */
const LABEL_KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const LABEL_VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;
const KMS_KEY = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;
const LONGEST_TRASH_MS = 365 * 86_400_000;
const LONGEST_DESCRIPTION = 1024;

const refusal = (reason: string, why: string, field: string) =>
  invalid(reason, `Request contains an invalid argument: ${why}.`, { field });

/** The format that a new repository asks for, once it is known that it may have it. */
export function checkedFormat(wanted: Repository['format'], formats: readonly Format[]): Format {
  const served = formats.map(({ id }) => id).join(', ');
  if (wanted === undefined || wanted === 'FORMAT_UNSPECIFIED')
    throw refusal(
      'FORMAT_MISSING',
      `repository.format is required; this server has ${served}`,
      'repository.format',
    );
  const format = formats.find(({ id }) => id === wanted);
  if (format) return format;
  const why = wanted in FORMATS ? `${wanted} repositories are not implemented` : `${wanted} is not a format`;
  throw refusal('FORMAT_UNIMPLEMENTED', `${why}; this server has ${served}`, 'repository.format');
}

/** Ids are words; a format's legacy repositories have their own, each at home in one location. */
export function checkId(
  { location, repository }: RepositoryAddress,
  { legacyRepositories = [] }: Format,
): void {
  const legacy = legacyRepositories.filter((known) => known.repository === repository);
  if (legacy.some((known) => known.location === location)) return;
  if (legacy[0])
    throw refusal(
      'LOCATION_INVALID',
      `repository ${repository} must be in location ${legacy[0].location}`,
      'repository_id',
    );
  if (ID.test(repository)) return;
  throw refusal(
    'REPOSITORY_ID_INVALID',
    'repository_id must be 1 to 63 lower-case letters, digits and hyphens, starting with a letter and not ending ' +
      'with a hyphen',
    'repository_id',
  );
}

export function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > MOST_LABELS)
    throw refusal('LABELS_INVALID', `there are more than ${MOST_LABELS} labels`, 'labels');
  for (const [key, value] of entries)
    if (!LABEL_KEY.test(key) || !LABEL_VALUE.test(value))
      throw refusal(
        'LABELS_INVALID',
        `label ${key.slice(0, 70)} is not valid: keys and values have up to 63 lower-case letters, digits, ` +
          'underscores and hyphens, and a key starts with a letter',
        'labels',
      );
}

/** What must hold of every repository, new or changed. */
export function checkFields(repository: Repository): void {
  const { description = '', labels = {}, kmsKeyName } = repository;
  checkTrash(repository);
  if (description.length > LONGEST_DESCRIPTION)
    throw refusal(
      'DESCRIPTION_INVALID',
      `description is longer than ${LONGEST_DESCRIPTION} characters`,
      'repository.description',
    );
  checkLabels(labels);
  if (kmsKeyName !== undefined && kmsKeyName !== '' && !KMS_KEY.test(kmsKeyName))
    throw refusal(
      'KMS_KEY_INVALID',
      'kms_key_name must be projects/P/locations/L/keyRings/R/cryptoKeys/K',
      'repository.kms_key_name',
    );
}

/** Copies can be had again from where they came, and nothing is deleted from what others are behind. */
function checkTrash({ mode, trashRetention }: Repository): void {
  if (trashRetention === undefined) return;
  const ms = durationMs(trashRetention) ?? -1;
  const field = 'repository.trash_retention';
  if (mode !== undefined && mode !== 'MODE_UNSPECIFIED' && mode !== 'STANDARD_REPOSITORY')
    throw refusal('TRASH_RETENTION_INVALID', 'only standard repositories have a trash', field);
  if (ms < 0 || ms > LONGEST_TRASH_MS)
    throw refusal(
      'TRASH_RETENTION_INVALID',
      `trash_retention ${trashRetention} is not from 0s, which deletes at once, to 31536000s`,
      field,
    );
}

/** Annotations of packages, versions and files. */
export function checkAnnotations(annotations: Readonly<Record<string, string>>): void {
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (size > 256 * 1024)
    throw refusal('ANNOTATIONS_INVALID', 'annotations are larger than 256 KiB', 'annotations');
}
