import type { RemoteRepositoryConfig } from '../../contract/schemas/remote.ts';
import { RegistryError } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { Upstream, UpstreamAnswer } from '../core/upstream.ts';
import type { UpstreamSettings } from '../core/upstreams.ts';
import { inTime } from '../lib/in-time.ts';
import { readWhole } from '../lib/read-whole.ts';
import { probedUri } from '../lib/upstream-uri.ts';
import { wrongConfig } from './config-refusal.ts';
import { checkedUpstream } from './remote-rules.ts';
import type { ApiParts } from './route.ts';

const LARGEST_ANSWER = 64 * 1024;
const PATIENCE_MS = 5000;

interface Probed {
  readonly at: RepositoryAddress;
  readonly format: Format;
  /** As it will be stored. */
  readonly config: RemoteRepositoryConfig;
  /** A new secret; absent for the one that is kept. */
  readonly secret: string | undefined;
}

/**
 * Asks an upstream whether it is one of the format. Sentences about what may be wrong; CONFIG_INVALID for a server that
 * answers and is something else. Of a server that does not answer, nothing tells whether there is one.
 */
export async function probeUpstream(
  { upstreams, upstreamSecrets }: Pick<ApiParts, 'upstreams' | 'upstreamSecrets'>,
  { at, format, config, secret }: Probed,
): Promise<readonly string[]> {
  const upstream = checkedUpstream(config, format);
  const { probe } = format.upstream ?? {};
  if (upstream.kind === 'here' || !probe) return [];
  const { host } = new URL(upstream.uri);
  const credentials = await upstreamSecrets.about(at, config.upstreamCredentials, secret).catch(asRefusal);
  if (credentials instanceof RegistryError) return [credentials.message];
  const settings: UpstreamSettings = {
    uri: probedUri(format.root, upstream.uri),
    ...(credentials && { credentials }),
    ...(config.tokenOrigins && { tokenOrigins: config.tokenOrigins }),
  };
  const answer = await withPatience((isLate) => ask(upstreams.open(settings), probe, isLate)).catch(
    asRefusal,
  );
  if (answer instanceof RegistryError) return [doubtAbout(host, answer, credentials !== undefined)];
  if (upstream.isPreset || probe.accepts(answer)) return [];
  const type = answer.headers
    .get('content-type')
    ?.replaceAll(/[^\w/+.;= -]/g, '?')
    .slice(0, 60);
  throw wrongConfig(
    'remoteRepositoryConfig',
    `${host} answers with status ${answer.status}${type === undefined ? '' : ` and ${type}`}, which is not what a ` +
      `${format.id} repository answers; check the URI, or set disableUpstreamValidation (--disable-remote-validation) ` +
      'if it is one nevertheless',
  );
}

function asRefusal(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  throw error;
}

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

async function ask(
  upstream: Upstream,
  { target, headers }: NonNullable<Format['upstream']>['probe'],
  isLate: () => boolean,
): Promise<Answered> {
  const answer: UpstreamAnswer = await upstream.fetch({
    target,
    ...(headers && { headers }),
    maxBytes: LARGEST_ANSWER,
    compressed: true,
  });
  if (answer.kind !== 'found')
    return { status: answer.kind === 'missing' ? 404 : 304, headers: new Headers(), body: '' };
  if (isLate()) await answer.body.cancel();
  // A server that sends more than any of the format would is told by what it sent first.
  const body = await readWhole(answer.body, LARGEST_ANSWER, 'the answer').catch(() => new Uint8Array());
  return { status: 200, headers: answer.headers, body: new TextDecoder().decode(body) };
}

async function withPatience<T>(work: (isLate: () => boolean) => Promise<T>): Promise<T> {
  let isLate = false;
  const working = work(() => isLate);
  const done = await inTime(working, PATIENCE_MS);
  if (done !== 'late') return done;
  isLate = true;
  working.catch(() => undefined);
  throw new RegistryError('DEADLINE_EXCEEDED', 'UPSTREAM_SLOW', 'no answer in time');
}

/** The same words whatever kept it from answering: who may create repositories shall not learn what is in the network. */
function doubtAbout(host: string, { reason }: RegistryError, hasCredentials: boolean): string {
  if (reason === 'UPSTREAM_REFUSED')
    return hasCredentials
      ? `${host} refuses the credentials; what it has cannot be copied until they are right`
      : `${host} wants credentials, and none are set; without them no more can be copied than it shows to everybody`;
  return (
    `${host} could not be asked whether it is a repository of this format; it is asked again when something is wanted ` +
    'of it. A server that is not on the public internet must be named by the operator in --allow-upstream-hosts'
  );
}
