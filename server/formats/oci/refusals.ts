import { RegistryError } from '../../core/error.ts';

/**
 * A rule of the repository, nearly always in the one word that every client shows and none retries: DENIED. Google's own reasons
 * stay in the message, where its clean-up tools look for them.
 */
export function policyRefusal(error: unknown): unknown {
  if (!(error instanceof RegistryError)) return error;
  switch (error.reason) {
    case 'IMMUTABLE_TAG':
      return new RegistryError('PERMISSION_DENIED', 'DENIED', error.message, { details: error.details });
    case 'HAS_PARENT':
      return new RegistryError(
        'PERMISSION_DENIED',
        'DENIED',
        `GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE: ${error.message}`,
        { details: error.details },
      );
    case 'IN_USE':
      // Not forbidden but impossible while it is so, which for a blob the specification says by 405.
      return new RegistryError(
        'UNIMPLEMENTED',
        'METHOD_NOT_ALLOWED',
        `the blob is ${error.message}; delete that first`,
        { details: error.details, headers: { allow: 'GET, HEAD' } },
      );
    default:
      return error;
  }
}
