import type { Format } from '../../core/format.ts';
import { ApiCaller, type Json, LOCATION } from '../api.ts';
import { asOfText } from '../as-of.ts';
import { ADMIN_PASSWORD, basic, TestServer } from '../harness.ts';
import { type Answer, type Known, type Place, seen } from './answer.ts';
import { PLAIN, type Probe } from './probes.ts';
import type { Read } from './sample.ts';

const ADMIN = basic('admin', ADMIN_PASSWORD);

/** A server on a socket, whose repositories have names of one length, so that lengths tell of contents alone. */
export class ParityServer implements AsyncDisposable {
  readonly server: TestServer;
  readonly #format: Format;
  readonly #admin: ApiCaller;
  readonly #front: Bun.Server<undefined>;
  #made = 100;
  #away = false;

  private constructor(server: TestServer, format: Format) {
    this.server = server;
    this.#format = format;
    this.#admin = new ApiCaller(server);
    this.#front = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => this.#answer(request) });
  }

  static async start(format: Format): Promise<ParityServer> {
    return new ParityServer(await TestServer.start(['--allow-upstream-hosts', '127.0.0.1']), format);
  }

  standard(): Promise<Place> {
    return this.#create({});
  }

  /** Of a repository of another server, or of this one. */
  remote(of: Place, more: Json = {}): Promise<Place> {
    const isHere = of.origin === this.#origin;
    const uri = isHere ? nameOf(of) : `${of.origin}${this.#path(of)}`;
    const credentials = { usernamePasswordCredentials: { username: 'admin', password: ADMIN_PASSWORD } };
    return this.#create({
      mode: 'REMOTE_REPOSITORY',
      remoteRepositoryConfig: {
        disableUpstreamValidation: true,
        commonRepository: { uri },
        ...(isHere ? {} : { upstreamCredentials: credentials }),
        ...more,
      },
    });
  }

  virtual(...members: readonly Place[]): Promise<Place> {
    const upstreamPolicies = members.map((member, at) => ({
      id: member.repository,
      repository: nameOf(member),
      priority: at + 1,
    }));
    return this.#create({ mode: 'VIRTUAL_REPOSITORY', virtualRepositoryConfig: { upstreamPolicies } });
  }

  /** The same, as it was at this moment. */
  asOfNow({ origin, repository }: Place): Place {
    return { origin, repository, asOf: asOfText(this.server.clock.now()) };
  }

  /** Asks and shows what is answered, to somebody who knows what they were answered before. */
  async answer(place: Place, read: Read, probe: Probe, known: Known): Promise<Answer | undefined> {
    const more = probe.of ? probe.of(known) : probe.headers;
    if (!more) return undefined;
    return seen(await this.#ask(place, read, probe, more), place, known);
  }

  async known(place: Place, read: Read): Promise<Known> {
    const { headers } = await this.#ask(place, read, PLAIN.GET);
    const etag = headers.get('etag');
    const lastModified = headers.get('last-modified');
    return { ...(etag !== null && { etag }), ...(lastModified !== null && { lastModified }) };
  }

  /** Forgets all that was copied. */
  async purge({ repository }: Place): Promise<void> {
    const address = { project: 'my-project', location: 'us-central1', repository };
    await this.server.app.caches.purge(address, 'all', undefined);
  }

  /** Whoever asks for something is sent away. */
  cut(): void {
    this.#away = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#front.stop(true);
    await this.server[Symbol.asyncDispose]();
  }

  #answer(request: Request): Response | Promise<Response> {
    // Not to be asked again soon, so that nobody waits to do so.
    return this.#away
      ? new Response('out of order', { status: 503, headers: { 'retry-after': '86400' } })
      : this.server.answer(request);
  }

  get #origin(): string {
    return `http://127.0.0.1:${this.#front.port}`;
  }

  #path({ repository, asOf }: Place): string {
    const { label, root } = this.#format;
    return `${root === undefined ? '' : `/${root}`}/us-central1-${label}/my-project/${repository}${asOf === undefined ? '' : `/${asOf}`}`;
  }

  async #ask(place: Place, read: Read, probe: Probe, more: Probe['headers'] = {}): Promise<Response> {
    return fetch(`${place.origin}${this.#path(place)}/${read.path}`, {
      method: probe.method,
      redirect: 'manual',
      decompress: false,
      headers: {
        'accept-encoding': 'identity',
        ...read.headers,
        ...(probe.anonymous ? {} : { authorization: ADMIN }),
        ...more,
      },
    });
  }

  async #create(body: Json): Promise<Place> {
    this.#made += 1;
    const repository = `parity-${this.#made}`;
    await this.#admin.ok('POST', `${LOCATION}/repositories?repositoryId=${repository}`, {
      format: this.#format.id,
      ...body,
    });
    return { origin: this.#origin, repository };
  }
}

const nameOf = ({ repository }: Place): string => `${LOCATION}/repositories/${repository}`;
