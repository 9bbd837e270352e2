import { PLAIN_TEXT } from './plain-text.ts';

/** A member of a binding, taken apart (google/iam/v1/policy.proto, cloud.google.com/iam/docs/principal-identifiers). */
export type Member =
  | { readonly kind: 'user' | 'serviceAccount' | 'group' | 'domain'; readonly id: string }
  | { readonly kind: 'everyone' }
  /** Someone, or several, whom a workload identity pool vouches for. */
  | { readonly kind: 'federated'; readonly projectNumber: string; readonly pool: string }
  /** Whoever holds a basic role on a project. */
  | { readonly kind: 'convenience'; readonly project: string }
  /** Someone who was there; the number tells them from whoever has the name now. */
  | { readonly kind: 'deleted' };

const LONGEST = 1_024;
const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;
const POOL =
  /^iam\.googleapis\.com\/projects\/(\d{1,19})\/locations\/global\/workloadIdentityPools\/([a-z0-9-]{1,63})\/(.+)$/;
const ONE = /^subject\/.+$/;
const SEVERAL = /^(?:\*|group\/.+|attribute\.[a-z0-9_]{1,100}\/.+)$/;

/** Whether a member is nobody in particular. */
export const isEveryone = (member: string): boolean =>
  member === 'allUsers' || member === 'allAuthenticatedUsers';

/** The account that a member names; nothing for members that mean others, or several. */
export const accountNamed = (member: string): string | undefined =>
  /^(?:user|serviceAccount):(.*)$/.exec(member)?.[1];

export type MemberFault = 'unknown-type' | 'malformed';

/** A member, or what is wrong with how it is written. */
export function parseMember(text: string): Member | MemberFault {
  if (isEveryone(text)) return { kind: 'everyone' };
  const colon = text.indexOf(':');
  const [type, id] = [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)];
  const read = READERS.get(type);
  if (!read) return 'unknown-type';
  return (text.length <= LONGEST && PLAIN_TEXT.test(id) && read(id)) || 'malformed';
}

type Reader = (id: string) => Member | undefined;

const named =
  (kind: 'user' | 'serviceAccount' | 'group'): Reader =>
  (id) =>
    id.includes('?') ? undefined : { kind, id };

const convenience: Reader = (id) =>
  /^[a-z0-9.:-]+$/.test(id) ? { kind: 'convenience', project: id } : undefined;

const federated =
  (rest: RegExp): Reader =>
  (id) => {
    const [, projectNumber = '', pool = '', identity = ''] = POOL.exec(id.replace(/^\/\//, '')) ?? [];
    return id.startsWith('//') && rest.test(identity)
      ? { kind: 'federated', projectNumber, pool }
      : undefined;
  };

const deleted: Reader = (id) =>
  /^(?:user|serviceAccount|group):[^?]+\?uid=\d{1,30}$/.test(id) || /^principal(?:Set)?:\/\/.+$/.test(id)
    ? { kind: 'deleted' }
    : undefined;

const READERS: ReadonlyMap<string, Reader> = new Map([
  ['user', named('user')],
  ['serviceAccount', named('serviceAccount')],
  ['group', named('group')],
  ['domain', (id) => (DOMAIN.test(id) ? { kind: 'domain', id } : undefined)],
  ['principal', federated(ONE)],
  ['principalSet', federated(SEVERAL)],
  ['projectOwner', convenience],
  ['projectEditor', convenience],
  ['projectViewer', convenience],
  ['deleted', deleted],
] satisfies [string, Reader][]);
