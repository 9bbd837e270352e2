import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import { RegistryError } from '../core/error.ts';
import type { Format, MediaUpload } from '../core/format.ts';
import { repositoryAddress, repositoryName } from '../core/repository.ts';
import { WRITTEN_TO } from '../http/run-command.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { draft, typed } from './operation-draft.ts';
import { onRepository, REPOSITORY, repositoryAt } from './places.ts';
import { found } from './refusals.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';

/**
 * Uploads of bytes through the management API (gar.md 1.8), with `/upload` in front of their path as Google has it. What is sent goes
 * to the format's own command, by the rights of whoever sends it.
 */
export const uploadRoutes = (formats: readonly Format[]): readonly ApiRoute[] =>
  formats.flatMap((format) => (format.api?.uploads ?? []).map((upload) => routeOf(format, upload)));

const routeOf = (format: Format, upload: MediaUpload): ApiRoute =>
  defineRoute({
    id: `${upload.collection}.create`,
    method: 'POST',
    path: `${REPOSITORY}/${upload.collection}:create`,
    permission: 'artifactregistry.repositories.uploadArtifacts',
    audit: ofArtifactRegistry(upload.method, 'publish'),
    on: onRepository,
    needs: 'some',
    summary: `Uploads one of a repository's ${upload.collection}.`,
    query: noQuery,
    response: components.UploadMediaResponse,
    run: async (call) => {
      const address = repositoryAt(call.params);
      const { resources } = call.parts;
      const repository = found(await resources.repositories.get(address), repositoryName(address));
      if (repository.format !== format.id)
        throw new RegistryError(
          'FAILED_PRECONDITION',
          'FORMAT_OTHER',
          `${repositoryName(address)} holds ${repository.format}, and not ${format.id}: give another repository`,
        );
      const answer = await call.forward({ address, format, path: upload.path });
      const made = await upload.made(answer);
      // A virtual repository has what was published to it in another.
      const home = repositoryAddress(answer.headers.get(WRITTEN_TO) ?? '') ?? address;
      const record = found(await resources.versions.get({ ...home, ...made }), made.version);
      const view = format.api?.views.find(({ collection }) => collection === upload.collection);
      const name = `${repositoryName(home)}/${upload.collection}/${encodeURIComponent(view?.id(record) ?? '')}`;
      const document = { name, ...view?.resource(record, '') };
      const begun = draft(call, {
        metadata: () => typed(`${upload.method}Metadata`, {}),
        response: () => typed(`${upload.method}Response`, { [upload.collection]: [document] }),
      });
      const body = await resources.operations.record(address, begun);
      const { project, location } = address;
      return json({
        operation: { name: names.operation.format({ project, location, operation: begun.id }), ...body },
      });
    },
  });
