import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { goNetrc } from './clients/go.ts';
import type { GoProxy } from './clients/go-client.ts';
import { openGo } from './clients/go-walk.ts';
import { egressThrough } from './harness/egress.ts';
import { GoRepositories } from './harness/go-repositories.ts';
import { describeWith } from './harness/needs.ts';
import { publicChecksumKey, publicGoMissing } from './harness/public-go.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type SecureFront, secureFront } from './harness/secure-front.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 600_000;
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

function throughACache(): void {
  let server: Server;
  let front: SecureFront;
  let space: Scratch;
  let way: Relay;
  let cache: GoProxy;
  /** Itself held to the checksum database. */
  let held: GoProxy;

  beforeAll(async () => {
    space = await scratch('go-public');
    way = await Relay.proxy();
    server = await startServer({ flags: egressThrough(way) });
    front = secureFront(server.url);
    const repositories = new GoRepositories(server, front);
    cache = await repositories.remote('public', 'GO_PROXY');
    held = await repositories.remote(
      'held',
      'GO_PROXY',
      key === undefined ? {} : { checksumDatabase: { key } },
    );
  }, LIMIT_MS);

  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    await server.stop();
    await way[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  }, LIMIT_MS);

  /** With a checksum database the go command asks it through the repository, as it has no other way to it. */
  const download = async (proxy: GoProxy, isSummed: boolean): Promise<readonly string[]> =>
    (await openGo({ kind: goNetrc, space }, proxy)).download(APPLICATION, {
      ...ALONE,
      ...(isSummed && { GONOSUMDB: '' }),
    });

  test(
    'downloads an application of dozens of modules cold, warm, and with the upstream cut',
    async () => {
      const isSummed = key !== undefined;
      const cold = await download(cache, isSummed);
      expect(cold.length).toBeGreaterThan(50);
      expect(await download(cache, isSummed)).toEqual(cold);
      if (isSummed) expect(await download(held, false)).toEqual(cold);
      way.cut();
      expect(await download(cache, isSummed)).toEqual(cold);
      if (isSummed) expect(await download(held, false)).toEqual(cold);
    },
    LIMIT_MS,
  );
}

const NAME = 'a remote repository of the public proxy of Go';
if (missing === undefined) {
  if (key === undefined)
    console.warn(`${NAME}: its checksum database cannot be reached from here, so it is left out`);
  describeWith(NAME, goNetrc.programs, throughACache);
} else {
  console.warn(`skipped ${NAME}: it cannot be reached from here: ${missing}`);
  describe.skip(NAME, throughACache);
}
