import type { Actor } from '../core/audit.ts';
import { type Caller, memberOf } from '../core/iam.ts';

const LONGEST_AGENT = 256;

/** Who sends a request, for records; without a caller only where it comes from. */
export function actorOf({ headers }: Request, peer: string, caller?: Caller): Actor {
  const userAgent = headers.get('user-agent')?.slice(0, LONGEST_AGENT);
  const { token, key } = caller?.bearer ?? {};
  return {
    peer,
    ...(userAgent !== undefined && { userAgent }),
    ...(caller && caller.principal.kind !== 'anonymous' && { member: memberOf(caller.principal) }),
    ...(token !== undefined && { token }),
    ...(key !== undefined && { key }),
  };
}
