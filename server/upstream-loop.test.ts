import { expect, test } from 'bun:test';
import { failureOf } from './testing/failure-of.ts';
import { ScriptedUpstream } from './testing/scripted-upstream.ts';
import { installationName, UpstreamLoop } from './upstream-loop.ts';

const NAME = installationName(new Uint8Array(32));
const request = { target: 'x', maxBytes: 10 };
const LOOP = { code: 'FAILED_PRECONDITION', reason: 'UPSTREAM_LOOP' };

/** What an upstream is sent as CDN-Loop by the repository 1, for a request that came with `header`. */
async function sent(header?: string): Promise<string | undefined> {
  const loop = new UpstreamLoop(NAME);
  const upstream = new ScriptedUpstream();
  const ask = () => loop.guarded(1, upstream).fetch(request);
  await (header === undefined ? ask() : loop.entered(header, ask));
  return upstream.asked[0]?.headers?.['cdn-loop'];
}

test('a request says by way of which repositories it came', async () => {
  expect(await sent()).toBe(`${NAME}/1`);
  expect(await sent(`${NAME}/2`)).toBe(`${NAME}/2, ${NAME}/1`);
});

test.each(['entrepot-other/1', 'cdn; x=1', `${NAME}/x`, NAME, ''])(
  'what others wrote (%s) is not believed to be ours',
  async (header) => {
    expect(await sent(header)).toBe(`${NAME}/1`);
  },
);

test('what a repository asked for is not asked of it', async () => {
  const loop = new UpstreamLoop(NAME);
  const require = async (id: number) => loop.require(id);
  expect(await failureOf(loop.entered(`${NAME}/1`, () => require(1)))).toMatchObject(LOOP);
  await loop.entered(`${NAME}/1`, () => require(2));
  await require(1);
});

test('copies of copies of copies have an end', async () => {
  const six = [2, 3, 4, 5, 6].map((id) => `${NAME}/${id}`).join(', ');
  expect(await failureOf(sent(six))).toMatchObject(LOOP);
});

test('how the upstream is can be asked at any time', () => {
  const loop = new UpstreamLoop(NAME);
  expect(loop.guarded(1, new ScriptedUpstream()).health()).toMatchObject({ circuit: 'closed' });
});
