import { announcedBytes } from '../lib/announced-bytes.ts';
import { orAbandon } from '../lib/or-abandon.ts';
import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import { uploadQuery } from '../../contract/schemas/requests.ts';
import type { CommittedBlob } from '../core/blob.ts';
import { invalid } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import type { Within } from '../core/iam.ts';
import type { ArtifactUpload, UploadMessage, UploadTarget } from '../core/artifact-uploads.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import { repositoryName } from '../core/repository.ts';
import { checksumsIn, holdTo } from '../lib/checksum-headers.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { draft } from './operation-draft.ts';
import { onRepository, REPOSITORY, repositoryAt } from './places.ts';
import { beginResumable, continueResumable } from './resumable-upload.ts';
import { requireRight } from './rights.ts';
import { type ApiAnswer, type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { messageIn, readUploaded } from './upload-body.ts';

const UPLOAD = 'artifactregistry.repositories.uploadArtifacts';
const TYPES = 'type.googleapis.com/google.devtools.artifactregistry.v1';

export type UploadCall = ApiCall<unknown, undefined>;

/** The methods of formats that take artifacts, whole (`multipart`, `media`) or in a session that can be resumed. */
export const artifactUploadRoutes = (formats: readonly Format[]): readonly ApiRoute[] =>
  formats.flatMap((format) => (format.api?.uploads ?? []).flatMap((upload) => routesOf(format, upload)));

function routesOf(format: Format, upload: ArtifactUpload): readonly ApiRoute[] {
  const { collection, verb, method } = upload;
  const common = {
    path: `${REPOSITORY}/${collection}:${verb}`,
    permission: UPLOAD,
    on: onRepository,
    needs: 'some',
    query: uploadQuery,
    response: components.UploadMediaResponse,
  } as const;
  const taking = takingOf(format, upload);
  return [
    defineRoute({
      ...common,
      id: `${collection}.${verb}`,
      method: 'POST',
      audit: ofArtifactRegistry(method, 'publish'),
      summary: `Takes one of a repository's ${collection}, or begins a session for it.`,
      run: (call) => taking.begin(call),
    }),
    defineRoute({
      ...common,
      id: `${collection}.${verb}.resume`,
      method: 'PUT',
      audit: ofArtifactRegistry(method, 'publish'),
      summary: `Takes a part of one of a repository's ${collection} in its session, or says how much has come.`,
      run: (call) => continueResumable(call, taking),
    }),
  ];
}

/** What the kinds of upload have in common. */
export interface Taking {
  readonly upload: ArtifactUpload;
  /** Refuses what the caller may not upload, before anything of it is read. */
  open(call: UploadCall, message: UploadMessage): Promise<UploadTarget>;
  finish(
    call: UploadCall,
    target: UploadTarget,
    message: UploadMessage,
    blob: CommittedBlob,
  ): Promise<ApiAnswer>;
}

function takingOf(format: Format, upload: ArtifactUpload) {
  const taking: Taking = {
    upload,

    async open(call, message) {
      const { act, origin, params, parts, principal, request } = call;
      refuseCompressed(request);
      const asked = repositoryAt(params);
      const within = upload.within?.(message);
      if (within) await requireRight(call, UPLOAD, repositoryName(asked), within);
      const baseUrl = `${new URL(origin).protocol}//${call.registryUri(asked, format.id)}`;
      const target = await parts.uploads.open(asked, format.id, { principal, act, baseUrl });
      if (within) await requireRight(call, UPLOAD, repositoryName(target.at), within);
      return target;
    },

    async finish(call, target, message, blob) {
      const { at, repo, refresh } = target;
      const now = () => call.parts.now();
      const asked = new Set([repositoryName(repositoryAt(call.params)), repositoryName(at)]);
      const mayUpload = async (within: Within): Promise<void> => {
        for (const name of asked) await requireRight(call, UPLOAD, name, within);
      };
      return orAbandon(repo, async () => {
        holdTo(checksumsIn(call.request.headers), blob.checksums);
        const parent = repositoryName(at);
        const response = await upload.publish({ message, repo, refresh, blob, parent, now, mayUpload });
        return operationOf(call, at, upload, response);
      });
    },
  };

  const begin = async (call: UploadCall): Promise<ApiAnswer> => {
    const { request } = call;
    if (new URL(request.url).searchParams.get('uploadType') === 'resumable')
      return beginResumable(call, taking, await messageIn(request, upload.fields));
    const said = checksumsIn(request.headers);
    let target: UploadTarget | undefined;
    const repo = { abandon: async () => target?.repo.abandon() };
    // What comes behind the bytes may show that they are no upload.
    const { message, blob } = await orAbandon(repo, () =>
      readUploaded(request, upload.fields, async (read, content) => {
        target = await taking.open(call, read);
        return target.repo.store(content, {
          algorithms: ['md5', ...said.map(({ algorithm }) => algorithm)],
          ...(upload.limit !== undefined && { limit: upload.limit }),
          ...announcedBytes(request.headers, { beside: BESIDE }),
        });
      }),
    );
    if (!target) throw new TypeError('nothing was stored');
    return taking.finish(call, target, message, blob);
  };
  return { ...taking, begin };
}

/** A message, and the bounds of the parts. */
const BESIDE = 128 * 1024;

function refuseCompressed({ headers }: Request): void {
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity')
    throw invalid('CONTENT_ENCODING', 'the upload must not be compressed');
}

/** Done when it is answered; who asks again finds it. */
async function operationOf(
  { parts, principal }: UploadCall,
  at: RepositoryAddress,
  { metadata, response }: ArtifactUpload,
  published: object,
): Promise<ApiAnswer> {
  const started = draft(
    { parts, principal },
    {
      metadata: () => ({ '@type': `${TYPES}.${metadata}` }),
      response: () => ({ '@type': `${TYPES}.${response}`, ...published }),
    },
  );
  const name = names.operation.format({ project: at.project, location: at.location, operation: started.id });
  return json({ operation: { name, ...(await parts.resources.operations.record(at, started)) } });
}
