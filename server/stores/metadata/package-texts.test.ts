import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test';
import type { HostedRepo } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { publish } from '../../testing/contracts/repo-under-test.ts';
import { GarbageLab } from '../../testing/garbage-lab.ts';
import { StoredPackages } from './resources/packages.ts';

const RETENTION = 3_600_000;

let lab: GarbageLab;
let repo: HostedRepo;
beforeEach(async () => {
  lab = await GarbageLab.open();
  repo = await lab.repo('p', RETENTION);
});
afterEach(() => lab[Symbol.asyncDispose]());

const find = async (word: string) => (await repo.search([word], { limit: 10, skip: 0 })).packages;
const waiting = async () => (await lab.database.read.selectFrom('new_text').select('text').execute()).length;
const indexed = async () =>
  (await lab.database.read.selectFrom('package_text').select('name').execute()).length;

test('the text of a publication waits for others, and no longer than until somebody searches', async () => {
  await publish(repo, 'left-pad', '1.0', { searchText: 'pads strings' });
  expect([await waiting(), await indexed()]).toEqual([1, 0]);

  expect(await find('pads')).toEqual(['left-pad']);

  expect([await waiting(), await indexed()]).toEqual([0, 1]);
});

test('only so many wait, whether or not anybody searches', async () => {
  for (let at = 0; at < 130; at += 1) await publish(repo, `p${at}`, '1.0', { searchText: 'one of many' });

  expect(await waiting()).toBe(2);
  expect(await indexed()).toBe(128);
});

test('the last text of a package is the one that it is found by, whatever was said while it waited', async () => {
  await publish(repo, 'pkg', '1.0', { searchText: 'first' });
  expect(await find('first')).toEqual(['pkg']);
  await publish(repo, 'pkg', '2.0', { searchText: 'second' });
  await publish(repo, 'pkg', '3.0', { searchText: 'third' });

  expect([await find('third'), await find('second'), await find('first')]).toEqual([['pkg'], [], []]);
});

test('a package that went while its text waited is not found, and has it again when it is back', async () => {
  await publish(repo, 'pkg', '1.0', { searchText: 'words' });
  const packages = new StoredPackages(lab.database, lab.now, RETENTION);
  const address = { project: 'p', location: 'us', repository: 'r1', package: 'pkg' };
  await packages.delete(address, { permanently: false }, { id: 'd', account: '', body: () => ({}) });
  expect([await waiting(), await find('words')]).toEqual([0, []]);

  await lab.back('pkg', '1.0', 'undelete');

  expect(await find('words')).toEqual(['pkg']);
});

test('a search answers what it can where nothing can be written', async () => {
  await publish(repo, 'known', '1.0', { searchText: 'words' });
  await find('words');
  await publish(repo, 'waiting', '1.0', { searchText: 'words' });
  const broken = spyOn(lab.database, 'transaction').mockRejectedValue(
    new RegistryError('UNAVAILABLE', 'STORAGE_FULL', 'the disk is full'),
  );

  expect(await find('words')).toEqual(['known']);

  broken.mockRestore();
  expect(new Set(await find('words'))).toEqual(new Set(['known', 'waiting']));
});
