import type { ChallengeScope } from '../../core/format.ts';

/** RFC 6750 with distribution's `service` and `scope`. The realm is on the host the client used, which some insist on. */
export function bearerChallenge({ origin, scope }: { origin: string; scope?: ChallengeScope }): string {
  const service = new URL(origin).host;
  const realm = `Bearer realm="${origin}/v2/token",service="${service}"`;
  return scope ? `${realm},scope="${scopeOf(scope)}"` : realm;
}

/** `/v2/<name>/manifests/latest` asked for with a right to write is `repository:<name>:pull,push`. */
function scopeOf({ address, permission }: ChallengeScope): string {
  const name = address
    .replace(/^\/v2\//, '')
    .replace(/\/(?:manifests|blobs|referrers)\/[^/]+(?:\/[^/]*)?$|\/blobs\/uploads$|\/tags\/list$/, '');
  const actions = permission === 'repositories.downloadArtifacts' ? 'pull' : 'pull,push';
  return `repository:${name}:${actions}`;
}
