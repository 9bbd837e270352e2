import { join } from 'node:path';
import type { NpmStage } from './npm-client.ts';

/** A user's .npmrc, which npm, pnpm and the first Yarn read: one registry, its token, and nothing of anybody else. */
export function npmrc({ url, token }: Omit<NpmStage, 'directory'>): string {
  const lines = [`registry=${url}`, 'audit=false', 'fund=false', 'update-notifier=false', 'fetch-retries=0'];
  const key = `//${url.split('//')[1]}:_authToken=${token}`;
  return [...lines, ...(token === undefined ? [] : [key]), ''].join('\n');
}

/** Gives npm `home`, where it reads `configuration` as .npmrc and nothing of anybody else; answers the environment it runs in. */
export async function npmHome(
  home: string,
  configuration: string,
): Promise<Readonly<Record<string, string>>> {
  const userConfiguration = join(home, '.npmrc');
  await Bun.write(userConfiguration, configuration);
  return {
    HOME: home,
    NPM_CONFIG_USERCONFIG: userConfiguration,
    NPM_CONFIG_GLOBALCONFIG: join(home, 'global-npmrc'),
    NPM_CONFIG_CACHE: join(home, 'cache'),
  };
}
