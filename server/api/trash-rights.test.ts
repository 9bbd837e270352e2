import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ApiCaller, idOf, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { NarrowRepository } from '../testing/narrow-repository.ts';
import { type Descriptor, INDEX } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start(['--trash-retention', '7d']);
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const DEV = '!has(resource.tag) || resource.tag.startsWith("dev-")';

const tagsOf = ({ tags = [] }: Json) => tags.map((tag: string) => idOf({ name: tag }));

describe('tags of what was deleted', () => {
  test('are told to whoever may see them', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const version = await image.image('dev-1');
    const document = await (await image.send('GET', `manifests/${version.digest}`)).text();
    await image.push('prod', document);
    await admin.ok('DELETE', `${narrow.version('app', version.digest)}?force=true`);
    const caller = await narrow.caller('repoAdmin', DEV);

    const [entry] = (await caller.get(`${narrow.on}/deletedVersions`)).deletedVersions;
    expect(tagsOf(entry)).toEqual(['dev-1']);
    expect(tagsOf(await caller.get(entry.name))).toEqual(['dev-1']);
    expect(tagsOf(await admin.get(entry.name))).toEqual(['dev-1', 'prod']);
  });
});

describe('what stays when an index goes', () => {
  test('is told to whoever may see it, and so is what it stays for', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const [shared, hidden] = [await image.image('dev-part'), await image.image('prod-part')];
    const index = (tag: string, parts: readonly Descriptor[], more = '') =>
      image.push(
        tag,
        JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: parts, annotations: { more } }),
        INDEX,
      );
    const mine = await index('dev-mine', [shared, hidden]);
    const theirs = await index('prod-theirs', [shared, hidden], 'theirs');
    await admin.ok('DELETE', `${narrow.package('app')}/tags/dev-part`);
    const caller = await narrow.caller(
      'repoAdmin',
      `${DEV.replace('!has', '(!has')}) && (!has(resource.version) || resource.version in ["${mine.digest}", "${shared.digest}"])`,
    );
    const plan = (who: ApiCaller) =>
      who.ok('DELETE', `${narrow.version('app', mine.digest)}?force=true&cascade=true&validateOnly=true`);

    const told = JSON.stringify((await plan(caller)).metadata);
    expect(told).toContain(shared.digest);
    expect(told).not.toContain(hidden.digest);
    expect(told).not.toContain(theirs.digest);
    expect(told).not.toContain('prod-');
    expect(JSON.stringify((await plan(admin)).metadata)).toContain(theirs.digest);
  });
});
