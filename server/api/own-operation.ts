import { memberOf } from '../core/iam.ts';
import type { Document, Resources } from '../core/resources.ts';
import type { ApiCall } from './route.ts';

/** The body of an operation, for whoever started it; for everyone else it is not there. */
export async function ownOperation(
  { parts, principal }: Pick<ApiCall<unknown, unknown>, 'parts' | 'principal'>,
  address: Parameters<Resources['operations']['get']>[0],
): Promise<Document | undefined> {
  const record = await parts.resources.operations.get(address);
  const caller = principal.kind === 'anonymous' ? undefined : memberOf(principal);
  return record && record.account === caller ? record.body : undefined;
}
