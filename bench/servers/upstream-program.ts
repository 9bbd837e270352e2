import { makePackage } from '../load/npm-package.ts';
import { randomBytes, sha256 } from '../load/oci-client.ts';
import { namesOf } from './upstream.ts';

/**
 * A registry elsewhere that costs as little as a server can: everything is in memory and ready to be sent. It has the
 * packages of an application at `/npm/`, one blob at `/v2/app/blobs/DIGEST`, and is told how to be at `/control`.
 */
const [packages = '100'] = process.argv.slice(2);
const names = namesOf(Number(packages));
interface Ready {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}
const ready = new Map<string, Ready>();
let [delayMs, blobRequests] = [0, 0];
let blob = { digest: '', bytes: new Uint8Array() };

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 120,
  async fetch(request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/control') return control(searchParams);
    if (delayMs > 0) await Bun.sleep(delayMs);
    if (pathname === '/v2/' || pathname === '/npm/-/ping') return Response.json({});
    if (pathname !== `/v2/app/blobs/${blob.digest}`) {
      const found = ready.get(decodeURIComponent(pathname));
      if (found === undefined) return new Response('{}', { status: 404 });
      return new Response(found.body, { headers: found.headers });
    }
    if (request.method === 'GET') blobRequests += 1;
    return new Response(blob.bytes, {
      headers: { 'content-type': 'application/octet-stream', 'docker-content-digest': blob.digest },
    });
  },
});
const url = `http://127.0.0.1:${server.port}`;
for (const [at, name] of names.entries()) await prepare(name, at);
console.log(`upstream listening on ${url}`);

function control(wanted: URLSearchParams): Response {
  delayMs = Number(wanted.get('delay') ?? delayMs);
  const size = wanted.get('blob');
  if (size !== null) {
    const bytes = randomBytes(Number(size));
    blob = { digest: sha256(bytes), bytes };
    blobRequests = 0;
  }
  return Response.json({ digest: blob.digest, requests: blobRequests });
}

/** Twenty versions in the document; the newest can be had, and needs the next few packages. */
async function prepare(name: string, at: number): Promise<void> {
  const dependencies = Object.fromEntries(
    [2 * at + 1, 2 * at + 2].flatMap((next) => {
      const needed = names[next];
      return needed === undefined ? [] : [[needed, '^1.0.0'] as const];
    }),
  );
  const made = await makePackage({
    name,
    version: '1.19.0',
    manifestSize: 1500,
    payload: 20_000,
    dependencies,
  });
  const path = `/npm/${name}/-/${name}-1.19.0.tgz`;
  const dist = { ...(made.manifest['dist'] as object), tarball: url + path };
  const versions = Array.from({ length: 20 }, (_, minor) => `1.${minor}.0`);
  const document = {
    name,
    'dist-tags': { latest: '1.19.0' },
    versions: Object.fromEntries(versions.map((version) => [version, { ...made.manifest, version, dist }])),
    time: Object.fromEntries(versions.map((version, day) => [version, new Date(day * 864e5).toISOString()])),
  };
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', etag: `"${name}"` };
  ready.set(`/npm/${name}`, { body: Bun.gzipSync(JSON.stringify(document)), headers });
  ready.set(path, { body: made.tarball, headers: { 'content-type': 'application/octet-stream' } });
}
