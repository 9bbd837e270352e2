import { invalid } from '../core/error.ts';
import type { ResourceName } from '../core/iam.ts';

const NAME =
  /^(?:organizations\/entrepot|projects\/[^/]+(?:\/locations\/[^/]+\/repositories\/[^/]+|\/serviceAccounts\/[^/]+)?)$/;

/**
 * What a full resource name names: `//artifactregistry.googleapis.com/projects/P/locations/L/repositories/R`, or the
 * same without a service in front. INVALID_ARGUMENT for what has no policy of its own.
 */
export function resourceOfFullName(text: string): ResourceName {
  const name = text.replace(/^\/\/[a-z0-9.-]+\//, '');
  if (!NAME.test(name))
    throw invalid(
      'RESOURCE_NAME_INVALID',
      `"${text.slice(0, 300)}" is not the name of a repository, a service account, a project or organizations/entrepot.`,
      { field: 'full_resource_name' },
    );
  return name === 'organizations/entrepot' ? '/' : (name as ResourceName);
}
