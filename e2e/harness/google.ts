import { ArtifactRegistryClient } from '@google-cloud/artifact-registry';
import { OAuth2Client } from 'google-auth-library';
import type { Server } from './server.ts';

/** Google's client of the management API, as the administrator of a server. */
export async function googleClient(server: Server): Promise<ArtifactRegistryClient> {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: await server.accessToken() });
  const [apiEndpoint = '', port] = server.host.split(':');
  return new ArtifactRegistryClient({
    fallback: true,
    apiEndpoint,
    port: Number(port),
    protocol: 'http',
    authClient,
  });
}
