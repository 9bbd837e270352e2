import { expect, test } from 'bun:test';
import { goNetrc } from './clients/go.ts';
import type { GoProxy } from './clients/go-client.ts';
import { openGo } from './clients/go-walk.ts';
import { GoRepositories } from './harness/go-repositories.ts';
import { describePublicCache, PUBLIC_LIMIT_MS } from './harness/public-cache.ts';
import { publicChecksumKey, publicGoMissing } from './harness/public-go.ts';
import { secureFront } from './harness/secure-front.ts';

/** What a service with its data, its metrics and its tests asks for; each as old as its neighbours. */
const APPLICATION = [
  'github.com/gin-gonic/gin@v1.10.0',
  'github.com/spf13/cobra@v1.8.1',
  'github.com/spf13/viper@v1.19.0',
  'github.com/stretchr/testify@v1.9.0',
  'github.com/prometheus/client_golang@v1.19.1',
  'github.com/redis/go-redis/v9@v9.5.3',
  'github.com/jackc/pgx/v5@v5.6.0',
  'github.com/docker/docker@v27.0.3+incompatible',
  'github.com/BurntSushi/toml@v1.4.0',
  'go.uber.org/zap@v1.27.0',
  'gorm.io/gorm@v1.25.10',
  'gopkg.in/yaml.v3@v3.0.1',
];
/** The go command uses no proxy to reach its own machine, so that it reaches nobody else. */
const ALONE = { HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' };

const missing = await publicGoMissing();
const key = missing === undefined ? await publicChecksumKey() : undefined;

const REGISTRY = 'the public proxy of Go';
if (missing === undefined && key === undefined)
  console.warn(`${REGISTRY}: its checksum database cannot be reached from here, so it is left out`);

describePublicCache(
  {
    registry: REGISTRY,
    missing,
    programs: goNetrc.programs,
    async open(server, stack) {
      const repositories = new GoRepositories(server, stack.use(secureFront(server.url)));
      return {
        cache: await repositories.remote('public', 'GO_PROXY'),
        /** Itself held to the checksum database. */
        held:
          key === undefined
            ? undefined
            : await repositories.remote('held', 'GO_PROXY', { checksumDatabase: { key } }),
      };
    },
  },
  (through) =>
    test(
      'downloads an application of dozens of modules cold, warm, and with the upstream cut',
      async () => {
        const { space, caches, cut } = through();
        const { cache, held } = caches;
        const download = async (
          proxy: GoProxy,
          env: Readonly<Record<string, string>> = {},
        ): Promise<readonly string[]> =>
          (await openGo({ kind: goNetrc, space }, proxy)).download(APPLICATION, { ...ALONE, ...env });
        /** With a checksum database the go command asks it through the repository, as it has no other way to it. */
        const cached = () => download(cache, held && { GONOSUMDB: '' });

        const cold = await cached();
        expect(cold.length).toBeGreaterThan(50);
        expect(await cached()).toEqual(cold);
        if (held) expect(await download(held)).toEqual(cold);
        cut();
        expect(await cached()).toEqual(cold);
        if (held) expect(await download(held)).toEqual(cold);
      },
      PUBLIC_LIMIT_MS,
    ),
);
