import type { ChallengeScope } from '../../core/format.ts';

/** RFC 6750 with distribution's `service` and `scope`. The realm is on the host the client used, which some insist on. */
export function bearerChallenge({ origin, scope }: { origin: string; scope?: ChallengeScope }): string {
  const service = origin.slice(origin.indexOf('://') + 3);
  const realm = `Bearer realm="${origin}/v2/token",service="${service}"`;
  return scope ? `${realm},scope="${scopeOf(scope)}"` : realm;
}

/** `/v2/<name>/manifests/latest` asked for with a right to write is `repository:<name>:pull,push`. */
function scopeOf({ address, permission }: ChallengeScope): string {
  const name = address
    .replace(/^\/v2\//, '')
    .replace(/\/(?:(?:manifests|referrers|blobs|blobs\/uploads)\/[^/]+|tags\/list|_oci\/ext\/discover)$/, '');
  const actions = permission === 'artifactregistry.repositories.downloadArtifacts' ? 'pull' : 'pull,push';
  // A name that cannot be is refused only later: until then nothing of it may end the quotes, or the header.
  return `repository:${encodeURI(name)}:${actions}`;
}
