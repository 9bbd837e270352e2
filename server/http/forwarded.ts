import type { Act } from '../core/audit.ts';
import type { ByteStream } from '../core/blob.ts';
import { notFound } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import type { Caller } from '../core/iam.ts';
import type { RepositoryAddress, RepositoryDirectory } from '../core/repository.ts';
import type { Addressing } from './addressing.ts';
import type { DataPlane } from './data-plane.ts';
import type { RepositoryDestination } from './data-request.ts';
import type { FrontRequest } from './front-door.ts';

interface Forwarded {
  readonly front: FrontRequest;
  readonly caller: Caller;
  readonly act: Act | undefined;
  readonly address: RepositoryAddress;
  readonly format: Format;
  readonly path: string;
  readonly body: ByteStream;
}

/**
 * Runs a format's own command for bytes that came in at another door, where it was decided that the caller may upload and what
 * that is recorded as. What the command itself asks for, it still asks for.
 */
export const forwarding =
  (
    data: Pick<DataPlane, 'match' | 'run'>,
    addressing: Pick<Addressing, 'spelling'>,
    repositories: Pick<RepositoryDirectory, 'find'>,
  ) =>
  async ({ front, caller, act, address, format, path, body }: Forwarded): Promise<Response> => {
    const repository = await repositories.find(address);
    if (!repository) throw notFound('REPOSITORY', { repository: address.repository });
    const at = new URL(
      `${new URL(front.origin).protocol}//${addressing.spelling(front.host, address, format)}`,
    );
    const destination: RepositoryDestination = {
      kind: 'repository',
      format,
      address,
      legacy: false,
      basePath: at.pathname,
      rest: path.split('/').slice(1),
    };
    const matched = data.match('PUT', destination);
    const request = new Request(at.href, { method: 'PUT', body });
    const { principal, bearer } = caller;
    const call = { ...front, request, query: new URLSearchParams(), principal, bearer, origin: at.origin };
    return data.run(call, destination, matched, repository, act);
  };
