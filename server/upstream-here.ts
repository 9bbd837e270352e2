import { ANONYMOUS } from './core/iam.ts';
import { isNotFound, RegistryError } from './core/error.ts';
import type { Format } from './core/format.ts';
import {
  type RepositoryAddress,
  type RepositoryDirectory,
  repositoryName,
  type RepositoryRow,
} from './core/repository.ts';
import {
  type Upstream,
  UPSTREAM_FAILURES,
  type UpstreamAnswer,
  type UpstreamHealth,
  type UpstreamRequest,
} from './core/upstream.ts';
import type { DataPlane } from './http/data-plane.ts';
import type { DataRequest, RepositoryDestination } from './http/data-request.ts';
import { pathSegments } from './http/path.ts';
import { rawPath } from './lib/raw-path.ts';

/** What documents are made for that nobody but this server reads. */
const ORIGIN = 'http://here.invalid';
/** A path here, which has no slash in front in a request's target. */
const BASE = '/r';
const REDIRECTS = 5;
/** How long a body is of which nobody says it: one may be empty. */
const UNKNOWN = -1;

interface HereParts {
  readonly address: RepositoryAddress;
  readonly format: Format;
  readonly directory: Pick<RepositoryDirectory, 'find'>;
  readonly data: () => Pick<DataPlane, 'match' | 'run'>;
}

/** Another repository of this server as an upstream: whoever configured it was allowed to read it. */
export class HereUpstream implements Upstream {
  readonly #parts: HereParts;

  constructor(parts: HereParts) {
    this.#parts = parts;
  }

  health(): UpstreamHealth {
    return { circuit: 'closed', failures: 0 };
  }

  async fetch(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const { address, format, directory } = this.#parts;
    const row = await directory.find(address);
    if (row?.format !== format.id)
      throw broken(`${repositoryName(address)} does not exist, or is not a ${format.id} repository`);
    if (row.mode === 'VIRTUAL_REPOSITORY')
      throw broken(`${repositoryName(address)} is virtual: use one of its members as the upstream`);
    try {
      return await this.#answered(request, row);
    } catch (thrown) {
      if (!(thrown instanceof RegistryError) || UPSTREAM_FAILURES.has(thrown.reason)) throw thrown;
      if (isNotFound(thrown)) return { kind: 'missing' };
      if (thrown.reason === 'UPSTREAM_LOOP') throw thrown;
      throw broken(`${repositoryName(address)} answers: ${thrown.message}`, thrown);
    }
  }

  async #answered(asked: UpstreamRequest, row: RepositoryRow, redirects = 0): Promise<UpstreamAnswer> {
    const { target, method = 'GET', headers = {}, validators = {}, body } = asked;
    const base = `${ORIGIN}${BASE}/`;
    const url = new URL(/^https?:\/\//i.test(target) ? target : `${base}${target}`);
    if (!url.href.startsWith(base)) throw broken(`${url.host} is not this server`);
    const request = new Request(url.href, {
      method,
      headers: {
        ...headers,
        ...(validators.etag !== undefined && { 'if-none-match': validators.etag }),
        ...(validators.lastModified !== undefined && { 'if-modified-since': validators.lastModified }),
      },
      ...(body && { body }),
    });
    const trace = { route: '', sent: UNKNOWN };
    const call: DataRequest = {
      request,
      query: url.searchParams,
      principal: ANONYMOUS,
      bearer: undefined,
      host: url.host,
      origin: ORIGIN,
      trace,
      peer: () => '',
    };
    const { address, format, data } = this.#parts;
    const rest = pathSegments(rawPath(url.href)).slice(1);
    const at: RepositoryDestination = {
      kind: 'repository',
      format,
      address,
      legacy: false,
      basePath: BASE,
      rest,
    };
    const matched = data().match(method, at, url.pathname.endsWith('/'));
    const answer = await data().run(call, at, matched, row);
    const elsewhere = answer.headers.get('location');
    if (answer.status >= 300 && elsewhere !== null && redirects < REDIRECTS)
      return this.#answered({ ...asked, target: new URL(elsewhere, url).href }, row, redirects + 1);
    return answered(answer, url, trace.sent);
  }
}

/** `sent` is how long its body is, or UNKNOWN: the runtime says so only to a socket. */
function answered(answer: Response, url: URL, sent: number): UpstreamAnswer {
  const { status, headers, body } = answer;
  if (status === 304) return { kind: 'unchanged', headers };
  if (status === 404 || status === 410) return { kind: 'missing' };
  if (status < 200 || status > 299) throw broken(`it answers ${status}`);
  const size = Number(headers.get('content-length') ?? sent);
  return {
    kind: 'found',
    headers,
    body: body ?? new Blob([]).stream(),
    offset: 0,
    url,
    ...(size !== UNKNOWN && { size }),
  };
}

const broken = (why: string, cause?: unknown): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', why, { cause });
