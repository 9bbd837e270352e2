import { describe, expect, test } from 'bun:test';
import { besideUpstream } from '../testing/beside-upstream.ts';
import { type Send } from '../testing/harness.ts';
import { Members } from '../testing/members.ts';
import { NOWHERE } from '../testing/oci.ts';
import { status } from '../testing/upstream-faults.ts';
import { ImageShelf } from '../testing/upstream-oci.ts';

const { server, upstream } = await besideUpstream();
const shelf = new ImageShelf(upstream);
const members = new Members(server);

const digestAt = async (repository: string, reference: string, send?: Send, name?: string) => {
  const answer = await members.image(repository, name).send('GET', `manifests/${reference}`, send);
  return answer.ok ? answer.headers.get('docker-content-digest') : answer.status;
};
const tagsOf = async (repository: string, send?: Send, name?: string) => {
  const answer = await members.image(repository, name).send('GET', 'tags/list', send);
  return answer.ok ? ((await answer.json()) as { tags: string[] }).tags : answer.status;
};
const reader = async (...repositories: readonly string[]): Promise<Send> => {
  const id = `reader-${crypto.randomUUID().slice(0, 8)}`;
  for (const repository of repositories)
    await server.grant(Members.named(repository), 'roles/artifactregistry.reader', `user:${id}`);
  return { as: await server.account(id) };
};
let images = 0;
/** An image that nobody else has, at the upstream as v1 and v9. */
const publicImage = () => {
  images += 1;
  const name = `public-${images}`;
  const push = (tag: string) => shelf.push(name, tag, { layers: [`${name}:${tag}`] });
  return { name, v1: push('v1'), v9: push('v9') };
};

describe('an image of a virtual repository', () => {
  test('is the first member’s that has it, and its tags are everybody’s', async () => {
    const [first, second] = [await members.standard('first'), await members.standard('second')];
    const both = await members.virtual('both', [first, second]);
    const earlier = await members.image(first).image('v1', 'earlier');
    const later = await members.image(second).image('v1', 'later');
    const behind = await members.image(second).image('v2');

    expect(await digestAt(both, 'v1')).toBe(earlier.digest);
    expect(await digestAt(both, 'v2')).toBe(behind.digest);
    expect(await digestAt(both, later.digest)).toBe(later.digest);
    const list = await members.image(both).send('GET', 'tags/list');
    expect(await list.json()).toMatchObject({
      name: `us-central1-docker/my-project/${both}/app`,
      tags: ['v1', 'v2'],
    });
  });

  test('comes from elsewhere where no member owns its name, with what is known of the copy', async () => {
    const team = await members.virtual('team', [
      await members.standard('own'),
      await members.remote('hub', upstream.url),
    ]);
    const { name, v1 } = publicImage();

    expect(await digestAt(team, 'v1', {}, name)).toBe(v1.digest);
    expect(await tagsOf(team, {}, name)).toEqual(['v1', 'v9']);
    const again = await members.image(team, name).send('GET', 'manifests/v1');
    expect(again.headers.get('cache-status')).toMatch(/^entrepot; hit/);
    const [layer] = v1.layers;
    const blob = await members.image(team, name).send('GET', `blobs/${layer?.digest}`);
    expect(await blob.text()).toBe(`${name}:v1`);
  });

  test('is nobody’s through members that are members of each other', async () => {
    const inner = await members.virtual('inner', [await members.standard('own')]);
    const outer = await members.virtual('outer', [inner]);
    const config = {
      virtualRepositoryConfig: {
        upstreamPolicies: [{ id: 'x', repository: Members.named(outer), priority: 1 }],
      },
    };
    await server.database.transaction((tx) =>
      tx
        .updateTable('repository')
        .set({ config: JSON.stringify(config) })
        .where('name', '=', inner)
        .execute(),
    );

    const answer = await members.image(outer).send('GET', 'manifests/v1');

    expect({ status: answer.status, text: await answer.text() }).toEqual({
      status: 400,
      text: expect.stringContaining('at most 8 may be in one another'),
    });
  });
});

describe('a name that a member owns', () => {
  const everybody: Send = {};
  const situations: readonly (readonly [
    says: string,
    spoil: (own: string, name: string) => Promise<unknown>,
    who: (own: string, hub: string, team: string) => Promise<Send>,
    tags: string[] | number,
  ])[] = [
    ['has it', async () => undefined, async () => everybody, ['v1']],
    [
      'has lost all its versions',
      async (own, name) => {
        const { digest } = await members.image(own, name).image('v1', name);
        for (const reference of ['v1', digest])
          expect((await members.image(own, name).send('DELETE', `manifests/${reference}`)).status).toBe(202);
      },
      async () => everybody,
      [],
    ],
    [
      'fails',
      async (own, name) => {
        const { digest } = await members.image(own, name).image('v9', name);
        await server.database.transaction((tx) =>
          tx.updateTable('blob').set({ state: 'corrupt' }).where('digest', '=', digest).execute(),
        );
      },
      async () => everybody,
      ['v1', 'v9'],
    ],
    ['may not be read by the caller', async () => undefined, async (_, hub, team) => reader(hub, team), 404],
  ];

  test.each(situations)(
    'is closed to public images of that name where it %s',
    async (_, spoil, who, tags) => {
      const [own, hub] = [await members.standard('own'), await members.remote('hub', upstream.url)];
      const { name, v9 } = publicImage();
      await members.image(own, name).image('v1', name);
      await spoil(own, name);
      for (const more of [{}, { memberFailure: 'ANSWER_WITHOUT' }]) {
        const team = await members.virtual('team', [own, hub], more);
        const send = await who(own, hub, team);

        for (const reference of ['v9', v9.digest])
          expect(await digestAt(team, reference, send, name)).toBeOneOf([404, 503]);
        expect(await tagsOf(team, send, name)).toEqual(tags);
        const blob = await members.image(team, name).send('GET', `blobs/${v9.layers[0]?.digest}`, send);
        expect(blob.status).toBe(404);
        const referrers = await members.image(team, name).send('GET', `referrers/${v9.digest}`, send);
        expect([200, 404]).toContain(referrers.status);
      }

      expect(upstream.asked().filter(({ path }) => path.includes(name))).toEqual([]);
    },
  );
});

describe('a caller', () => {
  test('sees what they may of each member', async () => {
    const [own, secret] = [await members.standard('own'), await members.standard('secret')];
    const team = await members.virtual('team', [secret, own]);
    await members.image(secret).image('v1', 'secret');
    const open = await members.image(own).image('v1', 'open');
    await members.image(secret).image('v2');

    const both = await reader(team, own, secret);
    const one = await reader(team, own);
    const none = await reader(team);

    expect(await tagsOf(team, both)).toEqual(['v1', 'v2']);
    expect(await digestAt(team, 'v1', one)).toBe(open.digest);
    expect(await tagsOf(team, one)).toEqual(['v1']);
    expect([await digestAt(team, 'v1', none), await tagsOf(team, none)]).toEqual([404, 404]);
    expect(await digestAt(team, 'v1', await reader(own, secret))).toBe(403);
  });

  test('who is nobody is asked to log in for what is not everybody’s', async () => {
    const [own, open] = [await members.standard('own'), await members.standard('open')];
    const team = await members.virtual('team', [own, open]);
    for (const repository of [team, open])
      await server.grant(Members.named(repository), 'roles/artifactregistry.reader', 'allUsers');
    const { digest } = await members.image(open).image('v1');
    await members.image(own).image('v2');

    expect(await digestAt(team, 'v1', { as: null })).toBe(digest);
    for (const reference of ['v2', 'v3']) {
      const answer = await members.image(team).send('GET', `manifests/${reference}`, { as: null });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toStartWith('Bearer realm=');
    }
  });

  test('of some packages of a member sees those', async () => {
    const [own, other] = [await members.standard('own'), await members.standard('other')];
    const team = await members.virtual('team', [own, other]);
    const mine = await members.image(own, 'mine/app').image('v1', 'mine');
    await members.image(own, 'yours/app').image('v1', 'yours');
    await server.grant(Members.named(team), 'roles/artifactregistry.reader', 'user:narrow');
    await server.grantIf(
      Members.named(own),
      'roles/artifactregistry.reader',
      'user:narrow',
      'resource.package.startsWith("mine/")',
    );
    const send: Send = { as: await server.account('narrow') };

    expect(await digestAt(team, 'v1', send, 'mine/app')).toBe(mine.digest);
    expect(await digestAt(team, 'v1', send, 'yours/app')).toBe(404);
    expect(await tagsOf(team, send, 'yours/app')).toBe(404);
  });

  test('of some packages of the virtual repository sees those of its members', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own]);
    const mine = await members.image(own, 'mine/app').image('v1', 'mine');
    await members.image(own, 'yours/app').image('v1', 'yours');
    const who = `user:narrow-${team}`;
    await server.grant(Members.named(own), 'roles/artifactregistry.reader', who);
    await server.grantIf(
      Members.named(team),
      'roles/artifactregistry.reader',
      who,
      'resource.package.startsWith("mine/")',
    );
    const send: Send = { as: await server.account(`narrow-${team}`) };

    expect(await digestAt(team, 'v1', send, 'mine/app')).toBe(mine.digest);
    expect(await digestAt(team, 'v1', send, 'yours/app')).toBe(403);
    expect(await digestAt(team, NOWHERE, send, 'yours/app')).toBe(403);
  });
});

/** A virtual repository whose first member, a remote one, fails for an image that the second has. */
const failing = async (more = {}) => {
  const [hub, own] = [await members.remote('hub', upstream.url), await members.standard('own')];
  const { name } = publicImage();
  const { digest } = await members.image(own, name).image('v2', name);
  upstream.misbehave(new RegExp(name), status(500));
  return { hub, own, name, digest, team: await members.virtual('team', [hub, own], more) };
};

describe('a member that fails', () => {
  test('fails the request, and is named', async () => {
    const { hub, name, team } = await failing();

    for (const path of ['manifests/v2', 'tags/list']) {
      const answer = await members.image(team, name).send('GET', path);
      expect([502, 503]).toContain(answer.status);
      expect(await answer.text()).toContain(`${Members.named(hub)}, a member of this repository, failed`);
    }
  });

  test('is left out where the repository says so, and the answer says that it is', async () => {
    const { hub, name, digest, team } = await failing({ memberFailure: 'ANSWER_WITHOUT' });

    for (const path of ['manifests/v2', `manifests/${digest}`, 'tags/list']) {
      const answer = await members.image(team, name).send('GET', path);
      expect({ status: answer.status, without: answer.headers.get('entrepot-without') }).toEqual({
        status: 200,
        without: Members.named(hub),
      });
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    // What nobody else has is not said to be absent.
    expect(await digestAt(team, 'v1', {}, name)).not.toBe(404);
  });

  test('fails it too when it is not there any more', async () => {
    const [own, gone] = [await members.standard('own'), await members.standard('gone')];
    await members.image(own).image('v1');
    const team = await members.virtual('team', [own, gone], { memberFailure: 'ANSWER_WITHOUT' });
    await server.database.transaction((tx) => tx.deleteFrom('repository').where('name', '=', gone).execute());

    const answer = await members.image(team).send('GET', 'manifests/v2');

    expect({ status: answer.status, text: await answer.text() }).toEqual({
      status: 503,
      text: expect.stringContaining(`${Members.named(gone)} does not exist`),
    });
  });
});

test('the catalog lists what is stored, where it is stored', async () => {
  const own = await members.standard('catalogued');
  const team = await members.virtual('team', [own]);
  await members.image(own).image('v1');

  const { repositories } = (await (await server.send('GET', '/v2/_catalog?n=1000')).json()) as {
    repositories: readonly string[];
  };

  expect(repositories).toContain(`us-central1-docker/my-project/${own}/app`);
  expect(repositories.filter((name) => name.includes(team))).toEqual([]);
});
