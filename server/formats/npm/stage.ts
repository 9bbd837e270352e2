import { createHash } from 'node:crypto';
import type { BlobInfo } from '../../core/blob.ts';
import type { FileRef, HostedRepo, StoredFile, VersionRow } from '../../core/catalog.ts';
import { invalid, notFound, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { memberOf, type Principal } from '../../core/iam.ts';
import { packumentIndex } from './packument-index.ts';
import {
  checkedPublication,
  type Publication,
  publishedBefore,
  publishVersion,
  requirePublishing,
} from './publish.ts';
import { publicationOf, readSent } from './put-package.ts';
import { allVersions } from './rows.ts';
import { packageOf } from './segments.ts';

/**
 * What waits is versions of a package that no client can ask for, since this is no name. So it counts as what it takes, stays
 * until somebody decides, or a cleanup policy that is about the package does, and is in the lists of the management API.
 */
const STAGED = '.staged';
const MOST = 100;

/** A publication as its version of the package is remembered. */
interface Staged {
  readonly publication: Omit<Publication, 'tarball' | 'attestations'>;
  readonly actor: string;
  readonly actorType: string;
  readonly attested: boolean;
}

/** POST /-/stage/package/PACKAGE: the same body as that of a publication. */
export async function stagePackage(command: Command): Promise<Response> {
  const { repo, principal } = command;
  const pkg = packageOf(command);
  const sent = await readSent(command);
  const change = publicationOf(sent, pkg);
  if (change.kind !== 'publish') throw invalid('BODY_INVALID', 'the body is no publication');
  const { tarball, attestations, ...publication } = await checkedPublication(command, pkg, sent, change);
  const { version } = publication;
  if (await repo.version(pkg, version)) throw publishedBefore(version);
  const id = idOf([pkg, version, tarball.digest, command.now(), nameOf(principal)]);
  const staged: Staged = {
    publication,
    actor: nameOf(principal),
    actorType: principal.kind,
    attested: attestations !== undefined,
  };
  await repo.publish({
    package: STAGED,
    version: id,
    attributes: { staged },
    size: tarball.size,
    files: [
      { ...tarballRef(id), blob: tarball },
      ...(attestations ? [{ ...attestationsRef(id), blob: attestations }] : []),
    ],
    onConflict: 'keep',
  });
  return Response.json({ ok: true, stageId: id }, { status: 201 });
}

/** GET /-/stage: newest first, `page` counted from 0, `perPage` on each. */
export async function listStaged({ repo, query, rights }: Command): Promise<Response> {
  const [page, perPage] = [whole(query.get('page'), 0), Math.min(whole(query.get('perPage'), MOST), MOST)];
  const only = query.get('package');
  const all: VersionRow[] = [];
  for await (const rows of allVersions(repo, STAGED))
    for (const row of rows) {
      const isWanted = only === null || stagedIn(row).publication.package === only;
      if (isWanted && (await isShown(rights, row))) all.push(row);
    }
  all.sort((a, b) => b.createdAt - a.createdAt || (a.version < b.version ? -1 : 1));
  const items = all.slice(page * perPage, (page + 1) * perPage).map(shown);
  return Response.json({ items, total: all.length, page, perPage });
}

/** GET /-/stage/ID */
export const viewStaged = async (command: Command): Promise<Response> =>
  Response.json(shown(await rowOf(command)));

/** GET /-/stage/ID/tarball */
export async function stagedTarball(command: Command): Promise<Response> {
  const { version: id } = await rowOf(command);
  const { blob } = await fileOf(command.repo, tarballRef(id));
  return new Response(await command.repo.open(blob), {
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
  });
}

/** POST /-/stage/ID/approve: publishes it, under the rights of who approves. Once that is done it waits no more. */
export async function approveStaged(command: Command): Promise<Response> {
  const { repo, rights } = command;
  const row = await rowOf(command);
  const { publication, attested } = stagedIn(row);
  await requirePublishing(rights, publication);
  const tarball = await blobOf(repo, tarballRef(row.version));
  const attestations = attested ? await blobOf(repo, attestationsRef(row.version)) : undefined;
  await publishVersion(repo, { ...publication, tarball, ...(attestations && { attestations }) });
  await repo.discard(STAGED, row.version);
  command.refresh(packumentIndex, { of: publication.package });
  return Response.json({ ok: true, id: publication.package, version: publication.version });
}

/** DELETE /-/stage/ID: whoever may publish it may also leave it. */
export async function rejectStaged(command: Command): Promise<Response> {
  const row = await rowOf(command);
  await requirePublishing(command.rights, stagedIn(row).publication);
  await command.repo.discard(STAGED, row.version);
  return Response.json({ ok: true });
}

/** To who may not publish it, it is not there. */
async function rowOf({ repo, params, rights }: Command): Promise<VersionRow> {
  const id = param(params, 'id');
  const row = await repo.version(STAGED, id.toLowerCase());
  if (!row || !(await isShown(rights, row))) throw notFound('STAGED_PACKAGE', { id });
  return row;
}

/** Which tag it is to have is asked of who decides. */
async function isShown(rights: Command['rights'], row: VersionRow): Promise<boolean> {
  const { package: pkg, version } = stagedIn(row).publication;
  try {
    await requirePublishing(rights, { package: pkg, version, tags: [] });
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.status < 500) return false;
    throw error;
  }
}

/** Ours is the only code that writes them. */
const stagedIn = ({ attributes }: VersionRow): Staged => attributes['staged'] as Staged;

function shown(row: VersionRow): object {
  const { publication, actor, actorType } = stagedIn(row);
  const { package: packageName, version, tags, attributes } = publication;
  return {
    id: row.version,
    packageName,
    version,
    tag: tags.join(', '),
    createdAt: new Date(row.createdAt).toISOString(),
    actor,
    actorType,
    shasum: attributes.dist?.shasum,
    status: 'staged',
  };
}

const refOf = (id: string, file: string, contentType: string): FileRef => ({
  path: `${STAGED}/${id}/${file}`,
  freshness: 'immutable',
  coordinates: { package: STAGED, version: id },
  contentType,
});
const tarballRef = (id: string): FileRef => refOf(id, 'package.tgz', 'application/octet-stream');
const attestationsRef = (id: string): FileRef => refOf(id, 'attestations.json', 'application/json');

async function fileOf(repo: HostedRepo, ref: FileRef): Promise<StoredFile> {
  const file = await repo.file(ref);
  if (!file) throw notFound('FILE', { path: ref.path });
  return file;
}

const blobOf = async (repo: HostedRepo, ref: FileRef): Promise<BlobInfo> => (await fileOf(repo, ref)).blob;

/** In the form of a UUID (RFC 9562, version 8), which clients insist on; what is the same at the same time has the same. */
function idOf(parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

const nameOf = (principal: Principal): string =>
  principal.kind === 'anonymous' ? 'anonymous' : memberOf(principal);

function whole(text: string | null, otherwise: number): number {
  const value = Number(text ?? otherwise);
  return Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}
