import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type { File } from '../../contract/schemas/artifacts.ts';
import { listQuery, noQuery, patchQuery } from '../../contract/schemas/requests.ts';
import type { MayUntag } from '../core/catalog.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { FileRecord, VersionRecord } from '../core/resources.ts';
import { annotated, shownAnnotations } from './annotations.ts';
import { draft, EMPTY, startedAt } from './operation-draft.ts';
import { listAnswer, pageRequest, SORT_FIELDS } from './page-request.ts';
import { fileAt, onRepository, REPOSITORY, repositoryAt } from './places.ts';
import { found } from './refusals.ts';
import { type Asker, insideOf, requireFile, requireRight } from './rights.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';
import { visibleInside } from './visible-page.ts';
import { ofArtifactRegistry } from './audit-names.ts';

const FILE = `${REPOSITORY}/files/:file`;

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

type Sums = ReadonlyMap<string, Buffer>;

/** By path, what formats know of the content of files beyond their checksums. */
async function dirsumsOf(
  { parts: { formats, resources } }: Asker,
  repository: RepositoryAddress,
  files: readonly FileRecord[],
): Promise<Sums> {
  const sums = new Map<string, Buffer>();
  if (!formats.some(({ api }) => api?.dirsum)) return sums;
  const { format = '' } = (await resources.repositories.get(repository)) ?? {};
  const dirsum = formats.find(({ id }) => id === format)?.api?.dirsum;
  if (!dirsum) return sums;
  let version: VersionRecord | undefined;
  for (const { path, owner } of files) {
    if (!owner) continue;
    // Files of a version mostly stand beside each other.
    if (version?.package !== owner.package || version.version !== owner.version)
      version = await resources.versions.get({ ...repository, ...owner });
    const sum = version && dirsum(version, path);
    if (sum) sums.set(path, sum);
  }
  return sums;
}

const DIRSUM = 'DIRSUM_SHA256';

async function shownOf(call: Asker, repository: RepositoryAddress, record: FileRecord): Promise<File> {
  return shownIn(repository, await dirsumsOf(call, repository, [record]))(record);
}

const shownIn =
  (repository: RepositoryAddress, sums: Sums) =>
  (record: FileRecord): File => ({
    name: names.file.format({ ...repository, file: record.path }),
    ...(record.size > 0 && { sizeBytes: String(record.size) }),
    hashes: [
      { type: 'SHA256', value: base64(record.sha256) },
      ...(record.md5 === undefined ? [] : [{ type: 'MD5', value: base64(record.md5) } as const]),
      ...[sums.get(record.path)].flatMap((sum) =>
        sum ? [{ type: DIRSUM, value: sum.toString('base64') } as const] : [],
      ),
    ],
    createTime: timestamp(record.createdAt),
    updateTime: timestamp(record.updatedAt),
    ...(record.owner && { owner: names.version.format({ ...repository, ...record.owner }) }),
    ...shownAnnotations(record),
  });

export const fileRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'files.get',
    method: 'GET',
    path: FILE,
    permission: 'artifactregistry.files.get',
    audit: ofArtifactRegistry('GetFile', 'ADMIN_READ'),
    on: onRepository,
    needs: 'some',
    summary: 'Gets what is known of a file.',
    query: noQuery,
    response: components.File,
    run: async (call) => {
      const address = fileAt(call.params);
      await requireFile(call, 'artifactregistry.files.get', address);
      const record = await call.parts.resources.files.get(address);
      const name = names.file.format({ ...address, file: address.path });
      return json(await shownOf(call, address, found(record, name)));
    },
  }),

  defineRoute({
    id: 'files.list',
    method: 'GET',
    path: `${REPOSITORY}/files`,
    permission: 'artifactregistry.files.list',
    audit: ofArtifactRegistry('ListFiles', 'ADMIN_READ'),
    on: onRepository,
    needs: 'some',
    summary: 'Lists the files of a repository.',
    query: listQuery,
    response: components.ListFilesResponse,
    run: async (call) => {
      const repository = repositoryAt(call.params);
      const request = pageRequest(call, {
        of: 'files',
        filters: ['name', 'owner', 'annotations'],
        orders: SORT_FIELDS,
      });
      const page = await visibleInside(
        call,
        {
          permission: 'artifactregistry.files.list',
          on: onRepository(call.params),
          within: {},
          of: insideOf,
        },
        request.query,
        (query) => call.parts.resources.files.list(repository, query),
      );
      const sums = await dirsumsOf(call, repository, page.rows);
      return json(listAnswer('files', page, request, shownIn(repository, sums)));
    },
  }),

  defineRoute({
    id: 'files.patch',
    method: 'PATCH',
    path: FILE,
    permission: 'artifactregistry.files.update',
    audit: ofArtifactRegistry('UpdateFile', 'ADMIN_WRITE'),
    on: onRepository,
    needs: 'some',
    summary: 'Changes the annotations of a file.',
    query: patchQuery,
    body: components.File,
    bodyField: 'file',
    response: components.File,
    run: async (call) => {
      const { parts, params, query, body } = call;
      const address = fileAt(params);
      await requireFile(call, 'artifactregistry.files.update', address);
      const change = annotated(body, query.updateMask, ['sizeBytes', 'hashes', 'owner', 'fetchTime']);
      return json(await shownOf(call, address, await parts.resources.files.annotate(address, change)));
    },
  }),

  defineRoute({
    id: 'files.delete',
    method: 'DELETE',
    path: FILE,
    permission: 'artifactregistry.files.delete',
    audit: ofArtifactRegistry('DeleteFile', 'publish'),
    on: onRepository,
    needs: 'some',
    summary: 'Deletes a file that no version is made of, or one of a version whose files go one by one.',
    query: noQuery,
    response: components.Operation,
    run: async (call) => {
      const address = fileAt(call.params);
      await requireFile(call, 'artifactregistry.files.delete', address);
      const begun = draft(call, { response: () => EMPTY });
      const { formats, resources } = call.parts;
      const record = await resources.repositories.get(repositoryAt(call.params));
      const fromVersions = formats.find(({ id }) => id === record?.format)?.api?.filesGoOneByOne ?? false;
      const file = await resources.files.get(address);
      const mayUntag: MayUntag = ({ tag, version }) =>
        requireRight(call, 'artifactregistry.files.delete', onRepository(call.params), {
          package: file?.package ?? '',
          version,
          tag,
        });
      const how = { fromVersions, mayUntag };
      return startedAt(address, begun, (started) => resources.files.delete(address, how, started));
    },
  }),

  defineRoute({
    id: 'files.download',
    method: 'GET',
    path: `${FILE}:download`,
    permission: 'artifactregistry.files.download',
    audit: ofArtifactRegistry('DownloadFile', 'DATA_READ'),
    on: onRepository,
    needs: 'some',
    summary: 'Downloads a file, whole or by range.',
    query: noQuery,
    response: 'bytes',
    run: async (call) => {
      const address = fileAt(call.params);
      await requireFile(call, 'artifactregistry.files.download', address);
      const { path, ...repository } = address;
      return { kind: 'file', repository, path };
    },
  }),
];
