import type { GoProxy } from '../clients/go-client.ts';
import { Repositories } from './repositories.ts';
import type { SecureFront } from './secure-front.ts';
import type { Server } from './server.ts';

/** Go repositories of a server, which clients reach over TLS. */
export class GoRepositories extends Repositories<GoProxy> {
  constructor(server: Server, front: SecureFront) {
    super(server, 'GO', async (url) => {
      const { pathname } = new URL(url);
      const id = pathname.split('/').at(-2) ?? '';
      return {
        url: `https://${front.host}${pathname.replace(/\/$/, '')}`,
        repository: `projects/my-project/locations/us-central1/repositories/${id}`,
        server: server.url,
        token: await server.accessToken(),
        certificate: front.certificate,
      };
    });
  }

  /** A cache of the proxy at `uri`, or of the public one. */
  remote(id: string, upstream: { readonly uri: string } | 'GO_PROXY', more: object = {}): Promise<GoProxy> {
    const goRepository =
      upstream === 'GO_PROXY' ? { publicRepository: upstream } : { customRepository: upstream };
    return this.create(id, { mode: 'REMOTE_REPOSITORY', remoteRepositoryConfig: { goRepository, ...more } });
  }
}
