import { type Digest, parseManifest, redigest } from '../harness/oci.ts';
import type { Key, Ledger, Value } from './ledger.ts';
import { blobPath, manifestPath, PREFIX, type Registry } from './registry.ts';

const AT_ONCE = 8;
const REPOSITORY = '/v1/projects/my-project/locations/us/repositories/gcr.io';

/** Reads all that was ever promised, and everything that any list names, and fails with each promise that is broken. */
export async function verify(registry: Registry, ledger: Ledger): Promise<void> {
  const found = await observe(registry, ledger);
  const broken = [...ledger.settle(found), ...(await unfetchable(registry, ledger, found))];
  if (broken.length > 0) throw new Error(broken.join('\n'));
}

type Found = ReadonlyMap<Key, Value>;
const parts = (key: Key) => key.split(' ') as [kind: string, image: string, name: string];

async function observe(registry: Registry, { keys, contents }: Ledger): Promise<Found> {
  const found = new Map<Key, Value>();
  await each(keys, async (key) => {
    const [kind, image, name] = parts(key);
    const path = kind === 'blob' ? blobPath(image, name) : manifestPath(image, name);
    const answer = await registry.send('GET', path);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    found.set(key, undefined);
    if (answer.status === 404) return;
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}`);
    const claimed = (answer.headers.get('docker-content-digest') ?? '') as Digest;
    if (redigest(bytes, claimed) !== claimed) throw new Error(`GET ${path} has other bytes than ${claimed}`);
    const sent = contents.get(claimed);
    if (sent === undefined || Buffer.compare(sent, bytes) !== 0)
      throw new Error(`GET ${path} has bytes nobody sent`);
    found.set(key, claimed);
  });
  return found;
}

/** Names in lists that cannot be fetched, and what can be fetched and no list names. */
async function unfetchable(
  registry: Registry,
  { contents }: Ledger,
  found: Found,
): Promise<readonly string[]> {
  const broken: string[] = [];
  const here = (kind: string) =>
    [...found].filter(([key, value]) => value !== undefined && key.startsWith(`${kind} `));
  const images = new Set([...found.keys()].map((key) => parts(key)[1]));
  const manifests = here('manifest').map(([key]) => parts(key));
  const same = (list: string, listed: Iterable<string>, fetchable: Iterable<string>): void => {
    const [a, b] = [new Set(listed), new Set(fetchable)];
    for (const name of a) if (!b.has(name)) broken.push(`${list} names ${name}, which is not there`);
    for (const name of b) if (!a.has(name)) broken.push(`${list} does not name ${name}`);
  };

  await each([...images], async (image) => {
    const mine = manifests.filter(([, of]) => of === image).map(([, , digest]) => digest);
    const tags = here('tag')
      .map(([key]) => parts(key))
      .filter(([, of]) => of === image);
    const answer = await registry.send('GET', `/v2/${PREFIX}/${image}/tags/list?n=10000`);
    if (answer.status === 404 && mine.length === 0) return;
    const list = (await answer.json()) as { readonly tags: readonly string[]; readonly manifest: object };
    same(
      `tags/list of ${image}`,
      list.tags,
      tags.map(([, , tag]) => tag),
    );
    same(`manifests of ${image}`, Object.keys(list.manifest), mine);
  });

  await each(manifests, async ([, image, digest]) => {
    const manifest = parseManifest(contents.get(digest as Digest) ?? new Uint8Array());
    const blobs = [...(manifest.config ? [manifest.config] : []), ...(manifest.layers ?? [])];
    const paths = [
      ...blobs.map((blob) => blobPath(image, blob.digest)),
      ...(manifest.manifests ?? []).map((child) => manifestPath(image, child.digest)),
    ];
    for (const path of paths) {
      const { status } = await registry.send('HEAD', path);
      if (status !== 200) broken.push(`${image}@${digest} names ${path}, which answers ${status}`);
    }
  });

  const subjects = new Map<string, string[]>();
  for (const [, image, digest] of manifests) {
    const { subject } = parseManifest(contents.get(digest as Digest) ?? new Uint8Array());
    if (subject)
      subjects.set(`${image} ${subject.digest}`, [
        ...(subjects.get(`${image} ${subject.digest}`) ?? []),
        digest,
      ]);
  }
  await each(manifests, async ([, image, digest]) => {
    const path = `/v2/${PREFIX}/${image}/referrers/${digest}`;
    const { manifests: listed } = await registry.json<{ manifests: readonly { digest: string }[] }>(path);
    same(
      `referrers of ${image}@${digest}`,
      listed.map((one) => one.digest),
      subjects.get(`${image} ${digest}`) ?? [],
    );
  });

  const published = new Set(manifests.map(([, image]) => image));
  const { repositories } = await registry.json<{ repositories: readonly string[] }>('/v2/_catalog?n=1000');
  const listed = repositories.map((name) => name.slice(PREFIX.length + 1));
  for (const image of published) if (!listed.includes(image)) broken.push(`_catalog does not name ${image}`);
  await each(listed, async (image) => {
    const { status } = await registry.send('GET', `/v2/${PREFIX}/${image}/tags/list`);
    if (status !== 200) broken.push(`_catalog names ${image}, whose tags/list answers ${status}`);
  });

  const packages = await pages(registry, 'packages');
  for (const image of published)
    if (!packages.some(({ name }) => name === `${REPOSITORY.slice(4)}/packages/${image}`))
      broken.push(`packages do not name ${image}`);
  await each(packages, async ({ name }) => {
    const image = name.slice(name.lastIndexOf('/') + 1);
    const of = `packages/${image}`;
    const mine = manifests.filter(([, its]) => its === image).map(([, , digest]) => digest);
    same(`versions of ${image}`, (await pages(registry, `${of}/versions`)).map(last), mine);
    const tags = (await pages(registry, `${of}/tags`)).map(
      (tag) => `${last(tag)} ${last({ name: tag.version ?? '' })}`,
    );
    const there = here('tag').filter(([key]) => parts(key)[1] === image);
    same(
      `tags of ${image}`,
      tags,
      there.map(([key, digest]) => `${parts(key)[2]} ${digest ?? ''}`),
    );
  });
  const dockerImages = (await pages(registry, 'dockerImages')).map(last);
  same(
    'dockerImages',
    dockerImages,
    manifests.map(([, image, digest]) => `${image}@${digest}`),
  );

  const files = (await pages(registry, 'files')).map((file) => decodeURIComponent(last(file)));
  const fetchable = [...here('blob'), ...here('manifest')].map(([key]) => parts(key));
  const asFiles = fetchable.map(([kind, image, digest]) => `${image}/${kind}s/${digest}`);
  const unknown = files.filter((file) => !asFiles.includes(file));
  await each(unknown, async (file) => {
    const { status } = await registry.send('HEAD', `/v2/${PREFIX}/${file}`);
    if (status !== 200) broken.push(`files names ${file}, which answers ${status}`);
  });
  for (const file of asFiles) if (!files.includes(file)) broken.push(`files does not name ${file}`);
  return broken;
}

interface Resource {
  readonly name: string;
  /** Of a tag: the name of its version. */
  readonly version?: string;
}
const last = ({ name }: Resource): string => name.slice(name.lastIndexOf('/') + 1);

interface Page {
  readonly nextPageToken?: string;
}
/** The rest of a page: a list, under the name of what it lists. */
type Lists = Readonly<Record<string, readonly Resource[]>>;

async function pages(registry: Registry, collection: string): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  const kind = collection.slice(collection.lastIndexOf('/') + 1);
  for (let token = ''; ;) {
    const path = `${REPOSITORY}/${collection}?pageSize=1000&pageToken=${encodeURIComponent(token)}`;
    const { nextPageToken = '', ...lists } = await registry.json<Page>(path);
    found.push(...((lists as Lists)[kind] ?? []));
    token = nextPageToken;
    if (token === '') return found;
  }
}

/** Does `work` for all, some at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
