import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type GoVersion, moduleFiles, moduleZip } from '../../server/testing/go.ts';
import { inParallel } from '../load/parallel.ts';
import { succeed } from '../load/oci-client.ts';
import { type Candidate, unlessInstalled } from '../scenario.ts';
import { type Entrepot, LOCATION, PROJECT } from './entrepot.ts';
import { peerProgram } from './peer-programs.ts';
import { answers, freePort, launch } from './process.ts';
import { type Place, placeFor, type Running } from './server.ts';

/** A running server that speaks the GOPROXY protocol. */
export interface GoProxy extends Running {
  /** What GOPROXY is set to, with a slash at the end. */
  readonly proxy: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const GO_REPOSITORY = 'go';

export const goAt = (server: Entrepot): GoProxy => ({
  ...server,
  proxy: `${server.url}/${LOCATION}-go/${PROJECT}/${GO_REPOSITORY}/`,
  headers: { authorization: `Bearer ${server.accessToken}` },
});

export async function uploadModule({ proxy, headers }: GoProxy, version: GoVersion): Promise<void> {
  const init = { method: 'PUT', headers, body: moduleZip(version) };
  await (await succeed(new URL(`${proxy}upload`), init)).text();
}

/** Athens with modules on its disk and no network, which cannot be published to. */
export const athens = (within: Place, versions: readonly GoVersion[]): Candidate<GoProxy> => {
  const program = peerProgram('athens');
  return {
    name: 'athens',
    missing: unlessInstalled(program),
    async start() {
      const place = await placeFor('athens', within);
      const port = freePort();
      const root = join(place.directory, 'storage');
      await inParallel(16, versions, (version) => store(root, version));
      const started = await launch({
        command: [program],
        place,
        env: {
          ATHENS_PORT: `127.0.0.1:${port}`,
          ATHENS_STORAGE_TYPE: 'disk',
          ATHENS_DISK_STORAGE_ROOT: root,
          ATHENS_NETWORK_MODE: 'offline',
          ATHENS_LOG_LEVEL: 'error',
        },
      });
      const url = `http://127.0.0.1:${port}`;
      await answers(`${url}/healthz`);
      return {
        name: 'athens',
        url,
        pid: started.pid,
        proxy: `${url}/`,
        headers: {},
        [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
      };
    },
  };
};

/** As Athens keeps it (docs.gomods.io, "Disk"). */
async function store(root: string, version: GoVersion): Promise<void> {
  const directory = join(root, version.module, version.version);
  await mkdir(directory, { recursive: true });
  const [mod] = moduleFiles(version);
  const info = { Version: version.version, Time: '2026-01-01T00:00:00Z' };
  await Bun.write(join(directory, 'version.info'), JSON.stringify(info));
  await Bun.write(join(directory, 'go.mod'), String(mod?.content ?? ''));
  await Bun.write(join(directory, 'source.zip'), moduleZip(version));
}
