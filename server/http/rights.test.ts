import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Format, Route } from '../core/format.ts';
import type { Permission } from '../core/permissions.ts';
import { FORMATS } from '../formats/index.ts';
import { IMAGES } from '../testing/api.ts';
import { holds, RightsServer, ROLES } from '../testing/rights-server.ts';

let rights: RightsServer;
beforeAll(async () => {
  rights = await RightsServer.start();
});
afterAll(() => rights[Symbol.asyncDispose]());

interface Asked {
  /** Below the repository. */
  readonly path: string;
  readonly body?: string;
}
/** A request to each route, about something that is there, as far as that depends on who asks. */
type Row = (as: string) => Promise<Asked> | Asked;

let made = 0;
const image = () => rights.params['package'] ?? '';
const freshTag = async (): Promise<string> => {
  made += 1;
  await rights.image.image(`t${made}`);
  return `t${made}`;
};
const freshBlob = async (): Promise<string> => {
  made += 1;
  return (await rights.image.blob(`blob ${made}`)).digest;
};
/** A session is its own account's; who may not begin one has none to ask about. */
const session = async (as: string): Promise<string> => {
  const begun = await rights.image.send('POST', 'blobs/uploads/', { as, body: '' });
  return begun.headers.get('location')?.split('/').at(-1) ?? 'none';
};
const upload: Row = async (as) => ({ path: `${image()}/blobs/uploads/${await session(as)}` });

const ROWS: Readonly<Record<string, Row>> = {
  'GET /:image+/manifests/:reference': () => ({ path: `${image()}/manifests/v1` }),
  'HEAD /:image+/manifests/:reference': () => ({ path: `${image()}/manifests/v1` }),
  'PUT /:image+/manifests/:reference': () => ({ path: `${image()}/manifests/v1`, body: '{"broken' }),
  'DELETE /:image+/manifests/:reference': async () => ({ path: `${image()}/manifests/${await freshTag()}` }),
  'POST /:image+/blobs/uploads': () => ({ path: `${image()}/blobs/uploads/`, body: '' }),
  'GET /:image+/blobs/uploads/:session': upload,
  'PATCH /:image+/blobs/uploads/:session': async (as) => ({ ...(await upload(as)), body: 'part' }),
  'PUT /:image+/blobs/uploads/:session': async (as) => ({ ...(await upload(as)), body: 'rest' }),
  'DELETE /:image+/blobs/uploads/:session': upload,
  'GET /:image+/blobs/:digest': async () => ({ path: `${image()}/blobs/${await freshBlob()}` }),
  'HEAD /:image+/blobs/:digest': async () => ({ path: `${image()}/blobs/${await freshBlob()}` }),
  'DELETE /:image+/blobs/:digest': async () => ({ path: `${image()}/blobs/${await freshBlob()}` }),
  'GET /:image*/tags/list': () => ({ path: `${image()}/tags/list` }),
  'HEAD /:image*/tags/list': () => ({ path: `${image()}/tags/list` }),
  'GET /:image+/referrers/:digest': () => ({ path: `${image()}/referrers/${rights.params['version']}` }),
  'HEAD /:image+/referrers/:digest': () => ({ path: `${image()}/referrers/${rights.params['version']}` }),
  'GET /:image+/_oci/ext/discover': () => ({ path: `${image()}/_oci/ext/discover` }),
  'HEAD /:image+/_oci/ext/discover': () => ({ path: `${image()}/_oci/ext/discover` }),
};

const methodsOf = (route: Route): readonly string[] =>
  route.kind === 'command' ? [route.method] : ['GET', 'HEAD'];
const routes = FORMATS.flatMap((format: Format) =>
  format.routes.flatMap((route) =>
    methodsOf(route).map((method) => [`${method} ${route.path}`, method, route] as const),
  ),
);

test('every route is here', () => {
  expect(Object.keys(ROWS).sort()).toEqual(routes.map(([name]) => name).sort());
});

describe.each(routes)('%s', (name, method, { permission }) => {
  const ask = async (as: string): Promise<number> => {
    const row = ROWS[name];
    if (!row) throw new Error(`${name} has no row`);
    const { path, body } = await row(as);
    const address = `/v2/us-central1-docker/my-project/images/${path}`;
    const sent = method === 'GET' || method === 'HEAD' ? { as } : { as, body: body ?? '' };
    return (await rights.server.send(method, address, sent)).status;
  };
  const may = (role: string): boolean => holds(role, permission satisfies Permission);

  test('lets in exactly the roles with its permission', async () => {
    const rows: (readonly [string, boolean])[] = [];
    for (const role of ROLES) rows.push([role, (await ask(rights.holder(role, IMAGES))) !== 403]);
    expect(rows).toEqual(ROLES.map((role) => [role, may(role)]));
  });

  test('lets in nobody for a role held elsewhere', async () => {
    for (const role of ROLES) expect([role, await ask(rights.stranger(role, IMAGES))]).toEqual([role, 403]);
  });

  test('is asked about something that is there', async () => {
    // A body that cannot be read is refused only to those who may write.
    const unread = name.startsWith('PUT ');
    const status = await ask(rights.holder('roles/owner', IMAGES));
    expect([status, unread ? status === 400 : status < 300]).toEqual([status, true]);
  });
});
