import type { ResourceName } from '../core/iam.ts';

/** A name and everything above it, the highest first. */
export function chainOf(on: ResourceName): readonly ResourceName[] {
  if (on === '/') return ['/'];
  const second = on.indexOf('/', 'projects/'.length);
  if (second === -1) return ['/', on];
  return ['/', on.slice(0, second) as ResourceName, on];
}
