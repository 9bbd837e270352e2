import { join } from 'node:path';
import { answers, freePort, launch } from './process.ts';
import { type Place, placeFor, type Registry } from './server.ts';
import { makeSigner, type TokenSigner } from './token-signer.ts';

/**
 * How distribution checks callers. `token` is its own equivalent of a registry token: a signed JWT on every request.
 * Its other real scheme, htpasswd, hashes a password with bcrypt on each request and would only flatter us.
 */
export type DistributionAuth = 'token' | 'none';

/**
 * Debian's docker-registry (distribution 2.8) as it is at its best: descriptor cache in memory as packaged, and no
 * access log, which we do write.
 */
export async function startDistribution(within: Place, auth: DistributionAuth): Promise<Registry> {
  const place = await placeFor('distribution', within);
  const { directory } = place;
  const port = freePort();
  const signer = auth === 'token' ? await makeSigner(directory) : undefined;
  const configurationFile = join(directory, 'config.yml');
  await Bun.write(configurationFile, configuration(port, join(directory, 'data'), signer));
  const started = await launch({ command: ['docker-registry', 'serve', configurationFile], place });
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/v2/`);
  return {
    name: signer ? 'distribution' : 'distribution, no auth',
    url,
    pid: started.pid,
    repository,
    authorize: (image) =>
      Promise.resolve(signer ? { authorization: `Bearer ${signer.sign(repository(image))}` } : {}),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

const repository = (image: string) => `bench/${image}`;

const configuration = (port: number, root: string, signer: TokenSigner | undefined) =>
  JSON.stringify({
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: {
      cache: { blobdescriptor: 'inmemory' },
      filesystem: { rootdirectory: root },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: `127.0.0.1:${port}`, secret: 'bench' },
    ...(signer && {
      auth: {
        token: {
          realm: `http://127.0.0.1:${port}/token`,
          service: signer.audience,
          issuer: signer.issuer,
          rootcertbundle: signer.certificate,
        },
      },
    }),
  });
