import type { BlobInfo } from '../../core/blob.ts';
import type { HostedRepo } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { type RandomAccess, readZip, readZipEntry } from '../../lib/zip-archive.ts';
import type { PackageAttributes } from './attributes.ts';
import type { MavenFile } from './layout.ts';
import { readXml, textAt } from './xml.ts';

const DESCRIPTOR = 'META-INF/maven/plugin.xml';
const LARGEST_DESCRIPTOR = 16 * 1024 * 1024;

/** What a jar says of the plugin that it is; nothing for one that is none. Archives that cannot be read are none. */
export async function pluginIn(
  repo: Pick<HostedRepo, 'open'>,
  blob: BlobInfo,
  { groupId, artifactId }: MavenFile,
): Promise<PackageAttributes['plugin']> {
  const archive = accessTo(repo, blob);
  try {
    const entry = (await readZip(archive)).get(DESCRIPTOR);
    if (!entry) return undefined;
    const root = await readXml(await readZipEntry(archive, entry, LARGEST_DESCRIPTOR), { lenient: true });
    const [prefix, name] = [textAt(root, 'goalPrefix'), textAt(root, 'name')];
    // A jar that contains another plugin's descriptor is not that plugin.
    const isOurs = textAt(root, 'groupId') === groupId && textAt(root, 'artifactId') === artifactId;
    if (root.name !== 'plugin' || !isOurs || prefix === undefined || !/^[\w.-]{1,200}$/.test(prefix))
      return undefined;
    return { prefix, ...(name !== undefined && { name: name.slice(0, 400) }) };
  } catch (error) {
    // It is served as it is, whatever it is.
    if (error instanceof SyntaxError || (error instanceof RegistryError && error.status < 500))
      return undefined;
    throw error;
  }
}

const accessTo = (repo: Pick<HostedRepo, 'open'>, blob: BlobInfo): RandomAccess => ({
  size: blob.size,
  async read(start, length) {
    if (length === 0) return new Uint8Array();
    const body = await repo.open(blob, { start, end: start + length - 1 });
    return body instanceof Uint8Array ? body : new Uint8Array(await new Response(body).arrayBuffer());
  },
});
