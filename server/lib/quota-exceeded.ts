import { RegistryError } from '../core/error.ts';
import type { ResourceName } from '../core/iam.ts';
import { byteSize } from './byte-size.ts';

export interface Exceeding {
  readonly quota: 'bytes' | 'versions';
  /** Whose quota it is. */
  readonly of: ResourceName;
  readonly limit: number;
  /** What is there already; absent where others than the caller's may be in it. */
  readonly used?: number;
  /** What would come, where it was announced. */
  readonly more?: number;
}

export const isQuotaExceeded = (thrown: unknown): boolean =>
  thrown instanceof RegistryError && thrown.reason === 'QUOTA_EXCEEDED';

/** The refusal of what there is no room for. Forbidden and not "later": clients that try again would do so in vain. */
export function quotaExceeded({ quota, of, limit, used, more }: Exceeding): RegistryError {
  const amount = (number: number) => (quota === 'bytes' ? byteSize(number) : `${number} versions`);
  const [kind = '', id = ''] = of.split('/').slice(-2);
  const holds = used === undefined ? '' : `, and holds ${amount(used)}`;
  const comes = more === undefined ? '' : `; this would add ${amount(more)}`;
  return new RegistryError(
    'PERMISSION_DENIED',
    'QUOTA_EXCEEDED',
    `quota exceeded: the ${kind === 'projects' ? 'project' : 'repository'} ${id} may hold ${amount(limit)} in all${holds}${comes}. ` +
      'Delete what is not needed any more, or ask for a larger quota',
    { details: { quota, of, limit: String(limit), ...(used !== undefined && { used: String(used) }) } },
  );
}
