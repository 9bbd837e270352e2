import { expect } from 'bun:test';
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod/mini';
import { compileRoutes } from '../api/match.ts';
import type { ApiRoute } from '../api/route.ts';
import { apiRoutes } from '../api/routes.ts';
import { FORMATS } from '../formats/index.ts';
import type { Send, TestServer } from './harness.ts';

export const PROJECT = 'projects/my-project';
export const LOCATION = `${PROJECT}/locations/us-central1`;
export const IMAGES = `${LOCATION}/repositories/images`;

// oxlint-disable-next-line typescript/no-explicit-any -- answers are picked apart by tests, which fail on a wrong guess
export type Json = any;

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly code: string;
  readonly reason: string;
  readonly field?: string;
}

const match = compileRoutes(apiRoutes(FORMATS));

/** A caller of the management API. Every success is held to the schema that its route declares. */
export class ApiCaller {
  readonly #server: TestServer;
  readonly #as: string | null | undefined;

  constructor(server: TestServer, as?: string | null) {
    this.#server = server;
    this.#as = as;
  }

  send(method: string, path: string, body?: unknown, send: Send = {}): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.#server.send(method, `/v1/${path}`, {
      ...(this.#as !== undefined && { as: this.#as }),
      ...(body !== undefined && { body: text }),
      ...send,
      headers: { 'content-type': 'application/json', ...send.headers },
    });
  }

  async ok(method: string, path: string, body?: unknown, send?: Send): Promise<Json> {
    const found = match(method, `/v1/${path.split('?')[0]}`);
    if (found.kind !== 'route' || typeof found.route.response === 'string')
      throw new Error(`${path} answers no JSON`);
    const before = await this.#recorded(found.route);
    const answer = await this.send(method, path, body, send);
    const text = await answer.text();
    expect({ status: answer.status, text }).toEqual({ status: 200, text: expect.anything() });
    const value: unknown = JSON.parse(text);
    // A change is in the audit log as soon as it is made.
    if (before !== undefined) expect(await this.#recorded(found.route)).toBeGreaterThan(before);
    const read = z.safeParse(found.route.response, value);
    expect(read.error?.issues ?? []).toEqual([]);
    return value;
  }

  /** How often the audit log says that a method changed something; nothing for one that does not. */
  async #recorded({ audit }: ApiRoute): Promise<number | undefined> {
    if (audit === 'unrecorded' || (audit.type !== 'ADMIN_WRITE' && audit.type !== 'publish'))
      return undefined;
    const { entries } = await this.#server.database.read
      .selectFrom('audit_entry')
      .select(({ fn }) => fn.countAll<number>().as('entries'))
      .where('method', '=', audit.method)
      .where('code', '=', 0)
      .executeTakeFirstOrThrow();
    return entries;
  }

  async refused(method: string, path: string, body?: unknown, send?: Send): Promise<Refusal> {
    return refusalOf(await this.send(method, path, body, send));
  }

  get = (path: string): Promise<Json> => this.ok('GET', path);

  /** An operation once it is over. */
  async ended(operation: Json): Promise<Json> {
    let current = operation;
    while (current.done !== true) {
      // Whoever only asks, and never waits, leaves no time for sockets.
      await setImmediate();
      current = await this.get(operation.name);
    }
    return current;
  }

  /** The operation of a cleanup by policies that was asked for, once it is over. */
  async cleaned(repository: string, body: object = {}): Promise<Json> {
    return this.ended(await this.ok('POST', `${repository}:runCleanup`, body));
  }

  /**
   * The run of a collection of garbage that was asked for, once it is over, and what goes by itself right behind it too: that would
   * take what is due next.
   */
  async collected(force = true): Promise<Json> {
    const { id } = await this.ok('POST', 'garbageCollection:run', { force });
    for (;;) {
      const run = await this.get(`garbageCollection/runs/${id}`);
      if (run.endTime !== undefined && !(await this.get('garbageCollection')).running) return run;
      await Bun.sleep(5);
    }
  }

  /** The report of a prefetch that is over, which ends by itself. */
  async prefetched(repository: string, artifacts: readonly string[]): Promise<Json> {
    const begun = await this.ok('POST', `${repository}:prefetch`, { artifacts });
    expect(begun.metadata.totalCount).toBe(new Set(artifacts).size);
    const operation = await this.ended(begun);
    expect(operation.metadata).toEqual(operation.response);
    const { '@type': type, ...report } = operation.response;
    expect(type).toEndWith('.PrefetchReport');
    return report;
  }

  /** Creates a repository of the one format there is. */
  async repository(id: string, fields: object = {}): Promise<string> {
    const [format] = FORMATS;
    if (!format) throw new Error('there is no format');
    await this.ok('POST', `${LOCATION}/repositories?repositoryId=${id}`, { format: format.id, ...fields });
    return `${LOCATION}/repositories/${id}`;
  }

  /** Every item of a list, page after page, and how many pages that took. */
  async pages(
    path: string,
    collection: string,
  ): Promise<{ readonly items: readonly Json[]; readonly pages: number }> {
    const items: Json[] = [];
    let token = '';
    for (let pages = 1; ; pages += 1) {
      const page = await this.get(token === '' ? path : `${path}&pageToken=${encodeURIComponent(token)}`);
      items.push(...(page[collection] ?? []));
      if (page.nextPageToken === undefined) return { items, pages };
      token = page.nextPageToken;
    }
  }
}

/** Checks that an answer is a google.rpc.Status in Google's envelope; answers what it says. */
export async function refusalOf(answer: Response): Promise<Refusal> {
  const text = await answer.text();
  expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8');
  const { error } = JSON.parse(text) as { error: Json };
  expect(error.code).toBe(answer.status);
  expect(error.message).not.toMatch(/SQLITE|ENOENT|\.ts\b|undefined|\[object/);
  const [info, request] = error.details;
  expect(info['@type']).toBe('type.googleapis.com/google.rpc.ErrorInfo');
  const field = request?.fieldViolations?.[0]?.field;
  return {
    status: answer.status,
    message: error.message,
    code: error.status,
    reason: info.reason,
    ...(field !== undefined && { field }),
  };
}

/** The last id of a resource's name. */
export const idOf = ({ name }: Json): string => name.slice(name.lastIndexOf('/') + 1);
