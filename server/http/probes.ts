import { methodNotAllowed } from '../core/error.ts';
import { asText } from './boundary.ts';
import type { Fixture } from './front-door.ts';

interface ProbeParts {
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** Why the server should get no requests, while it should not. */
  readonly ready: () => Promise<string | undefined>;
  /** What it cannot do, while it should get requests all the same: a full disk stops no reader. */
  readonly limited: () => Promise<string | undefined>;
}

/** `/healthz`, `/readyz` and `/metrics`: cheap, and silent about tenants. */
export function probes({ metrics, ready, limited }: ProbeParts): readonly Fixture[] {
  return [
    probe('/healthz', async () => new Response('ok\n')),
    probe('/readyz', async () => {
      const why = await ready();
      if (why !== undefined)
        return new Response(`${why}\n`, { status: 503, headers: { 'retry-after': '1' } });
      const limit = await limited();
      return new Response(limit === undefined ? 'ok\n' : `ok, but ${limit}\n`);
    }),
    probe(
      '/metrics',
      async () => new Response(await metrics.text(), { headers: { 'content-type': metrics.contentType } }),
    ),
  ];
}

const probe = (path: string, answer: () => Promise<Response>): Fixture => ({
  route: path,
  always: true,
  matches: (asked) => asked === path,
  render: asText,
  answer: async ({ request }) => {
    if (request.method === 'GET' || request.method === 'HEAD') return answer();
    throw methodNotAllowed(`${path} is for GET`, ['GET', 'HEAD']);
  },
});
