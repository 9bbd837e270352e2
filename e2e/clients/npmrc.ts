import type { NpmStage } from './npm-client.ts';

/** A user's .npmrc, which npm, pnpm and the first Yarn read: one registry, its token, and nothing of anybody else. */
export function npmrc({ url, token }: Omit<NpmStage, 'directory'>): string {
  const lines = [`registry=${url}`, 'audit=false', 'fund=false', 'update-notifier=false', 'fetch-retries=0'];
  const key = `//${url.split('//')[1]}:_authToken=${token}`;
  return [...lines, ...(token === undefined ? [] : [key]), ''].join('\n');
}
