import { invalid } from '../../core/error.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import type { SentDocument, SentPackage } from './read-publish.ts';
import { distTag, exactVersion } from './versions.ts';

type Json = Readonly<Record<string, unknown>>;

/** What is stored of a package, as far as a document that is sent for it can mean to change it. */
export interface StoredSummary {
  readonly name: string;
  /** Every version, and its deprecation if it has one. */
  readonly versions: ReadonlyMap<string, string | undefined>;
  readonly maintainers?: unknown;
  readonly users?: unknown;
}

/** What a PUT of a package means. Whatever else its document says of what is stored already is not looked at. */
export type SentChange =
  | {
      readonly kind: 'publish';
      readonly version: string;
      readonly manifest: Json;
      readonly tags: readonly string[];
    }
  /** Versions and what is to be said of each; an empty text takes a deprecation back. */
  | { readonly kind: 'deprecate'; readonly messages: ReadonlyMap<string, string> }
  | { readonly kind: 'unpublish'; readonly versions: readonly string[] }
  | { readonly kind: 'star'; readonly users: Json }
  | { readonly kind: 'owner'; readonly maintainers: readonly unknown[] }
  /** It says what is stored already. */
  | { readonly kind: 'nothing' };

/**
 * Tells apart what clients do with one method. `atRevision`: the path ends with `-rev/…`, which is how a removal is sent.
 * INVALID_ARGUMENT for what none of them sends. Takes time in proportion to the document's versions.
 */
export function classify(
  stored: StoredSummary,
  sent: Pick<SentPackage<unknown>, 'document' | 'attachments'>,
  atRevision: boolean,
): SentChange {
  const { document, attachments } = sent;
  checkName(document, stored.name);
  if (attachments.length > 0) return publication(stored.name, sent);
  const { versions } = document;
  if (versions) return changeOfVersions(stored, versions, atRevision) ?? changeOfPeople(stored, document);
  return changeOfPeople(stored, document);
}

function checkName({ head }: SentDocument, name: string): void {
  for (const key of ['_id', 'name']) {
    const said = head.get(key);
    if (said !== undefined && said !== name)
      throw refuse(`${key} is ${shown(said)}, and the address says ${shown(name)}`);
  }
}

function publication(
  name: string,
  { document, attachments }: Pick<SentPackage<unknown>, 'document' | 'attachments'>,
): SentChange {
  if (!attachments.some((attachment) => attachment.name.endsWith('.tgz')))
    throw refuse('it has attachments, and none of them is a tarball');
  const [only, ...others] = document.versions ?? [];
  if (!only || others.length > 0) throw refuse('a publication has exactly one version');
  const [text, raw] = only;
  const version = exactVersion(text);
  const manifest = objectOf(raw, `version ${version}`);
  if (manifest['name'] !== name || manifest['version'] !== version)
    throw refuse(
      `its manifest is of ${shown(manifest['name'])} ${shown(manifest['version'])}, not of ${name} ${version}`,
    );
  return { kind: 'publish', version, manifest, tags: tagsOf(document.head.get('dist-tags'), version) };
}

function tagsOf(value: unknown, version: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) throw refuse('dist-tags is not an object');
  return Object.entries(value).map(([tag, of]) => {
    if (of !== version) throw refuse(`the tag ${shown(tag)} is not of the version that is published`);
    return distTag(tag);
  });
}

/** Nothing where the versions are the same, so that something else must be meant. */
function changeOfVersions(
  stored: StoredSummary,
  sent: NonNullable<SentDocument['versions']>,
  atRevision: boolean,
): SentChange | undefined {
  const messages = new Map<string, string>();
  for (const [version, raw] of sent) {
    if (!stored.versions.has(version))
      throw refuse(`it names version ${shown(version)} without a tarball for it`);
    const message = deprecationOf(raw, version);
    if (message !== (stored.versions.get(version) ?? '')) messages.set(version, message);
  }
  // Without a revision, what is missing may just have been published by somebody else.
  const removed = atRevision ? [...stored.versions.keys()].filter((version) => !sent.has(version)) : [];
  if (removed.length === 0) return messages.size > 0 ? { kind: 'deprecate', messages } : undefined;
  if (messages.size > 0) throw refuse('it removes versions and deprecates others: send one at a time');
  if (sent.size === 0)
    throw refuse('it leaves no version: to delete the package, send DELETE (npm unpublish NAME --force)');
  return { kind: 'unpublish', versions: removed };
}

/** What a manifest says of its deprecation; empty for none. Clients have been seen to send `false`. */
function deprecationOf(raw: Uint8Array<ArrayBuffer>, version: string): string {
  // Most of thousands of manifests have none, and need not be parsed.
  if (!Buffer.from(raw.buffer).includes('"deprecated"')) return '';
  const manifest: unknown = JSON.parse(new TextDecoder().decode(raw));
  const message = isObject(manifest) ? manifest['deprecated'] : undefined;
  if (message === undefined || message === null || message === false) return '';
  if (typeof message !== 'string') throw refuse(`the deprecation of version ${version} is not a text`);
  return message;
}

function changeOfPeople(stored: StoredSummary, { head }: SentDocument): SentChange {
  const [users, maintainers] = [head.get('users'), head.get('maintainers')];
  const newUsers = isObject(users) && !same(users, stored.users ?? {});
  const newMaintainers = Array.isArray(maintainers) && !same(maintainers, stored.maintainers ?? []);
  if (newUsers && newMaintainers) throw refuse('it changes users and maintainers: send one at a time');
  if (newUsers) return { kind: 'star', users };
  if (newMaintainers) return { kind: 'owner', maintainers: maintainers as readonly unknown[] };
  const known = head.has('users') || head.has('maintainers') || head.has('name');
  if (known) return { kind: 'nothing' };
  throw refuse('it has no version, no maintainers and no users to change');
}

function objectOf(raw: Uint8Array<ArrayBuffer>, what: string): Json {
  let value: unknown;
  try {
    value = parseJsonStrictly(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch (error) {
    throw refuse(`${what}: ${error instanceof Error ? error.message : ''}`);
  }
  if (!isObject(value)) throw refuse(`${what} is not an object`);
  return value;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const same = (a: unknown, b: unknown): boolean => Bun.deepEquals(a, b, true);
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 240);
const refuse = (why: string): Error => invalid('BODY_INVALID', `the body is no change that is known: ${why}`);
