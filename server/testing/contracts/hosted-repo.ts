import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { CommittedBlob } from '../../core/blob.ts';
import type { Attributes, HostedRepo, PublishPlan, VersionRow } from '../../core/catalog.ts';
import type { Page } from '../../core/page.ts';
import { failureOf } from '../failure-of.ts';
import { bodyOf } from './bodies.ts';
import {
  fileOf,
  type HostedRepoUnderTest,
  linked,
  names,
  planned,
  publish,
  taggedFile,
  tagsOf,
  textOf,
  versionsOf,
} from './repo-under-test.ts';

const REFUSED = { code: 'FAILED_PRECONDITION' };
const MISSING = { code: 'NOT_FOUND' };

/** One more file of a version. */
async function wheel(
  repo: HostedRepo,
  text: string,
  more: Partial<PublishPlan>,
): Promise<Partial<PublishPlan>> {
  const blob = await repo.store(bodyOf([text]));
  const files = [{ ...fileOf('pkg', 'files/wheel'), blob }];
  return { files, size: blob.size, onConflict: 'extend', ...more };
}
const withWheel = (before: Attributes): Attributes => ({ ...before, wheel: true });
const changed = (): Attributes => ({ of: 'changed' });

/** The promises every HostedRepo makes. An implementation keeps all of them or is none. */
export function hostedRepoContract(subjectName: string, make: () => Promise<HostedRepoUnderTest>): void {
  describe(`${subjectName} is a HostedRepo`, () => {
    let subject: HostedRepoUnderTest;
    let repo: HostedRepo;
    beforeEach(async () => {
      subject = await make();
      repo = await subject.repo();
    });
    afterEach(() => subject.dispose());
    const objects = async () => (await Array.fromAsync(subject.blobs.list())).length;

    describe('publishing', () => {
      test('shows the version with its file, by path and by tag', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['latest'] });

        expect(await repo.version('pkg', '1.0')).toMatchObject({
          package: 'pkg',
          attributes: { of: '1.0' },
          size: 3,
        });
        const file = await repo.file(fileOf('pkg', 'files/1.0'));
        expect(file).toMatchObject({
          contentType: 'text/plain',
          coordinates: { package: 'pkg', version: '1.0' },
        });
        expect(await repo.file(taggedFile('pkg', 'latest'))).toMatchObject({
          path: 'pkg/files/1.0',
          freshness: 'revalidate',
          coordinates: { package: 'pkg', version: '1.0' },
        });
        expect(await textOf(repo, taggedFile('pkg', 'latest'))).toBe('1.0');
        expect(await repo.hasPackage('pkg')).toBe(true);
      });

      test('shows nothing anywhere else', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['latest'] });
        const other = await subject.repo();

        for (const ref of [fileOf('pkg', 'files/1.0'), taggedFile('pkg', 'latest')])
          expect(await other.file(ref)).toBeUndefined();
        expect(await other.version('pkg', '1.0')).toBeUndefined();
        expect(await other.hasPackage('pkg')).toBe(false);
        expect(await repo.file(taggedFile('pk', 'latest'))).toBeUndefined();
        expect(await repo.file(taggedFile('pkg', 'Latest'))).toBeUndefined();
      });

      test('refuses a version that is there, where that was asked', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['a'] });

        const again = publish(repo, 'pkg', '1.0', { attributes: { other: true }, tags: ['a', 'b'] });

        expect(await failureOf(again)).toMatchObject({ code: 'ALREADY_EXISTS' });
        expect(await tagsOf(repo, 'pkg')).toEqual(['a=1.0']);
        expect((await repo.version('pkg', '1.0'))?.attributes).toEqual({ of: '1.0' });
      });

      test('keeps a version that is there, and adds tags', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['a'] });

        await publish(repo, 'pkg', '1.0', { attributes: { other: true }, tags: ['b'], onConflict: 'keep' });

        expect(await tagsOf(repo, 'pkg')).toEqual(['a=1.0', 'b=1.0']);
        expect((await repo.version('pkg', '1.0'))?.attributes).toEqual({ of: '1.0' });
      });

      test('replaces a version that is there, with its files, and keeps its tags', async () => {
        const layer = await linked(repo, 'pkg', 'layer');
        await publish(repo, 'pkg', '1.0', { tags: ['a'], uses: [layer.path] });
        const blob = await repo.store(bodyOf(['other bytes']));

        await publish(repo, 'pkg', '1.0', {
          attributes: { other: true },
          files: [{ ...fileOf('pkg', 'files/other'), blob }],
          onConflict: 'replace',
        });

        expect((await repo.version('pkg', '1.0'))?.attributes).toEqual({ other: true });
        expect(await textOf(repo, taggedFile('pkg', 'a'))).toBe('other bytes');
        expect(await repo.file(fileOf('pkg', 'files/1.0'))).toBeUndefined();
        await repo.unlink(layer.path);
      });

      describe('more files of a version', () => {
        test('come beside those it has, with what they change', async () => {
          await publish(repo, 'pkg', '1.0', { tags: ['a'], onConflict: 'extend' });
          await publish(
            repo,
            'pkg',
            '1.0',
            await wheel(repo, 'wheel', { attributes: {}, extend: withWheel }),
          );

          const { attributes, size } = (await repo.version('pkg', '1.0')) ?? {};
          expect({ attributes, size }).toEqual({ attributes: { of: '1.0', wheel: true }, size: 8 });
          expect(await textOf(repo, fileOf('pkg', 'files/1.0'))).toBe('1.0');
          expect(await textOf(repo, fileOf('pkg', 'files/wheel'))).toBe('wheel');
          expect(await tagsOf(repo, 'pkg')).toEqual(['a=1.0']);
        });

        test('change nothing where they are there already, and are refused where they have other bytes', async () => {
          for (const _ of ['first', 'again'])
            await publish(repo, 'pkg', '1.0', await wheel(repo, 'wheel', { extend: changed }));

          const other = publish(repo, 'pkg', '1.0', await wheel(repo, 'other', { extend: changed }));

          expect(await failureOf(other)).toMatchObject({ code: 'ALREADY_EXISTS', reason: 'FILE_EXISTS' });
          expect(await repo.version('pkg', '1.0')).toMatchObject({ attributes: { of: '1.0' }, size: 5 });
          expect(await textOf(repo, fileOf('pkg', 'files/wheel'))).toBe('wheel');
        });

        test('use their paths up where that is wanted, and not the version', async () => {
          await publish(repo, 'pkg', '1.0', { onConflict: 'extend', once: true });
          await publish(repo, 'pkg', '1.0', await wheel(repo, 'wheel', { once: true }));
          await repo.unpublish('pkg', '1.0');

          const again = publish(repo, 'pkg', '1.0', await wheel(repo, 'wheel', { once: true }));

          expect(await failureOf(again)).toMatchObject({ code: 'ALREADY_EXISTS', reason: 'FILE_BURNT' });
        });
      });

      test('needs what it uses, and leaves nothing when it is not there', async () => {
        const layer = await linked(repo, 'pkg', 'layer');
        const plan = { uses: [layer.path, 'pkg/absent'], tags: ['a'] };

        expect(await failureOf(publish(repo, 'pkg', '1.0', plan))).toMatchObject(MISSING);

        expect(await repo.version('pkg', '1.0')).toBeUndefined();
        expect(await repo.hasPackage('pkg')).toBe(false);
        await repo.unlink(layer.path);
      });

      test('does not use what only another repository has', async () => {
        const other = await subject.repo();
        const { path } = await linked(other, 'pkg', 'layer');

        expect(await failureOf(publish(repo, 'pkg', '1.0', { uses: [path] }))).toMatchObject(MISSING);
      });

      test('needs its children, of the same package, and not its subject', async () => {
        await publish(repo, 'other', 'child');
        const links = [{ kind: 'child', target: 'child' }] as const;
        expect(await failureOf(publish(repo, 'pkg', 'index', { links }))).toMatchObject(MISSING);

        await publish(repo, 'pkg', 'child');
        await publish(repo, 'pkg', 'index', { links });
        await publish(repo, 'pkg', 'note', { links: [{ kind: 'subject', target: 'absent' }] });

        expect(await versionsOf(repo, 'pkg')).toEqual(['child', 'index', 'note']);
      });

      test('leaves no bytes of a version that was refused', async () => {
        await publish(repo, 'pkg', '1.0');
        const before = await objects();

        await failureOf(publish(repo, 'pkg', '1.0'));
        await failureOf(publish(repo, 'pkg', '2.0', { uses: ['pkg/absent'] }));

        expect(await objects()).toBe(before);
      });

      test('of two at once that refuse each other lets one through', async () => {
        const plans = await Promise.all(
          [1, 2, 3].map((n) => planned(repo, 'pkg', '1.0', { attributes: { n } })),
        );

        const outcomes = await Promise.allSettled(plans.map((plan) => repo.publish(plan)));

        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ALREADY_EXISTS' });
      });
    });

    describe('tags', () => {
      test('follow the last writer', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['latest'] });
        await publish(repo, 'pkg', '2.0', { tags: ['latest'] });

        expect(await tagsOf(repo, 'pkg')).toEqual(['latest=2.0']);
        expect(await textOf(repo, taggedFile('pkg', 'latest'))).toBe('2.0');
      });

      test('all end at one of the versions that were published at once, and every publish succeeds', async () => {
        const versions = Array.from({ length: 8 }, (_, n) => `${n}.0`);

        await Promise.all(
          versions.map((version) => publish(repo, 'pkg', version, { tags: ['latest', `v${version}`] })),
        );

        const [latest = '', ...own] = await tagsOf(repo, 'pkg');
        expect(versions).toContain(latest.slice('latest='.length));
        expect(own).toEqual(versions.map((version) => `v${version}=${version}`));
        expect(await textOf(repo, taggedFile('pkg', 'latest'))).toBe(latest.slice('latest='.length));
      });

      test('go alone', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['a', 'b'] });

        await repo.untag('pkg', 'a');

        expect(await tagsOf(repo, 'pkg')).toEqual(['b=1.0']);
        expect(await failureOf(repo.untag('pkg', 'a'))).toMatchObject({ ...MISSING, reason: 'TAG_UNKNOWN' });
      });

      test('are known by version', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['b', 'a'] });
        await publish(repo, 'pkg', '2.0', { tags: [] });

        const tagged = await repo.tagged('pkg', ['1.0', '2.0', 'absent']);

        const sorted = tagged.map(({ version, tags }) => [version, [...tags].sort()]);
        expect(new Map(sorted as [string, string[]][])).toEqual(
          new Map([
            ['1.0', ['a', 'b']],
            ['2.0', []],
          ]),
        );
        expect(
          await names(
            (page) => repo.untagged('pkg', page),
            ({ version }: VersionRow) => version,
          ),
        ).toEqual(['2.0']);
      });
    });

    describe('immutable tags', () => {
      let kept: HostedRepo;
      beforeEach(async () => {
        kept = await subject.repo({ immutableTags: true });
        await publish(kept, 'pkg', '1.0', { tags: ['v1'] });
      });

      test('do not move, are not removed, and keep their version', async () => {
        for (const change of [
          publish(kept, 'pkg', '2.0', { tags: ['v2', 'v1'] }),
          kept.untag('pkg', 'v1'),
          kept.unpublish('pkg', '1.0'),
        ])
          expect(await failureOf(change)).toMatchObject({ ...REFUSED, reason: 'IMMUTABLE_TAG' });

        expect(await tagsOf(kept, 'pkg')).toEqual(['v1=1.0']);
        expect(await versionsOf(kept, 'pkg')).toEqual(['1.0']);
      });

      test('may be set again to what they are, and new ones added', async () => {
        await publish(kept, 'pkg', '1.0', { tags: ['v1', 'v1.0'], onConflict: 'keep' });

        expect(await tagsOf(kept, 'pkg')).toEqual(['v1=1.0', 'v1.0=1.0']);
      });

      test('go to one of those who want them first', async () => {
        const rivals = ['2.0', '3.0', '4.0', '5.0'];
        const plans = await Promise.all(
          rivals.map((version) => planned(kept, 'pkg', version, { tags: ['new'] })),
        );

        const outcomes = await Promise.allSettled(plans.map((plan) => kept.publish(plan)));

        const won = rivals.filter((_, index) => outcomes[index]?.status === 'fulfilled');
        expect(won).toHaveLength(1);
        expect(await tagsOf(kept, 'pkg')).toEqual([`new=${won[0]}`, 'v1=1.0']);
        expect(await versionsOf(kept, 'pkg')).toEqual(['1.0', ...won]);
      });
    });

    describe('removing', () => {
      test('a version takes its tags and files, and nothing else', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['a'] });
        await publish(repo, 'pkg', '2.0', { tags: ['b'] });

        await repo.unpublish('pkg', '1.0');

        expect(await versionsOf(repo, 'pkg')).toEqual(['2.0']);
        expect(await tagsOf(repo, 'pkg')).toEqual(['b=2.0']);
        expect(await repo.file(fileOf('pkg', 'files/1.0'))).toBeUndefined();
        expect(await repo.file(taggedFile('pkg', 'a'))).toBeUndefined();
        expect(await failureOf(repo.unpublish('pkg', '1.0'))).toMatchObject({
          ...MISSING,
          reason: 'VERSION_UNKNOWN',
        });
      });

      test('a child is refused until its parents are gone', async () => {
        await publish(repo, 'pkg', 'child');
        for (const parent of ['left', 'right'])
          await publish(repo, 'pkg', parent, { links: [{ kind: 'child', target: 'child' }] });
        const refused = { ...REFUSED, reason: 'HAS_PARENT' };

        expect(await failureOf(repo.unpublish('pkg', 'child'))).toMatchObject(refused);
        await repo.unpublish('pkg', 'left');
        expect(await failureOf(repo.unpublish('pkg', 'child'))).toMatchObject(refused);
        await repo.unpublish('pkg', 'right');
        await repo.unpublish('pkg', 'child');

        expect(await versionsOf(repo, 'pkg')).toEqual([]);
      });

      test('a subject is not', async () => {
        await publish(repo, 'pkg', 'subject');
        await publish(repo, 'pkg', 'note', { links: [{ kind: 'subject', target: 'subject' }] });

        await repo.unpublish('pkg', 'subject');

        const linking = (page: Page) => repo.linking('pkg', { kind: 'subject', target: 'subject' }, page);
        expect(await names(linking, ({ version }) => version)).toEqual(['note']);
      });

      test('a loose file is refused while a version needs it', async () => {
        const { path } = await linked(repo, 'pkg', 'layer');
        await publish(repo, 'pkg', '1.0', { uses: [path] });

        expect(await failureOf(repo.unlink(path))).toMatchObject({ ...REFUSED, reason: 'IN_USE' });
        await repo.unpublish('pkg', '1.0');
        await repo.unlink(path);

        expect(await repo.file(fileOf('pkg', 'layer'))).toBeUndefined();
        expect(await failureOf(repo.unlink(path))).toMatchObject(MISSING);
      });

      test('a version’s own file is not a loose one', async () => {
        await publish(repo, 'pkg', '1.0');

        expect(await failureOf(repo.unlink('pkg/files/1.0'))).toMatchObject(MISSING);
      });
    });

    describe('loose files', () => {
      test('are there before any version, and make no package of their own', async () => {
        await linked(repo, 'pkg', 'layer', 'bytes');

        expect(await textOf(repo, fileOf('pkg', 'layer'))).toBe('bytes');
        expect(await repo.hasPackage('pkg')).toBe(false);
        expect(await names((page) => repo.packages('', page), String)).toEqual([]);
      });

      test('share bytes, and the spare ones go', async () => {
        for (const pkg of ['a', 'b', 'c']) await linked(repo, pkg, 'layer', 'the same');
        await linked(await subject.repo(), 'a', 'layer', 'the same');

        expect(await objects()).toBe(1);
        for (const pkg of ['a', 'b', 'c']) expect(await textOf(repo, fileOf(pkg, 'layer'))).toBe('the same');
      });

      test('may be linked from what another repository has', async () => {
        const other = await subject.repo();
        const stored = await other.file(await linked(other, 'pkg', 'layer', 'mounted'));
        if (!stored) throw new Error('it was linked');

        await repo.link({ ...fileOf('pkg', 'mine'), blob: stored.blob });
        await other.unlink(stored.path);

        expect(await textOf(repo, fileOf('pkg', 'mine'))).toBe('mounted');
      });

      test('may be linked twice by a client that did not hear the answer', async () => {
        const blob: CommittedBlob = await repo.store(bodyOf(['bytes']));
        await repo.link({ ...fileOf('pkg', 'layer'), blob });
        await repo.link({ ...fileOf('pkg', 'layer'), blob });

        expect(await textOf(repo, fileOf('pkg', 'layer'))).toBe('bytes');
      });

      test('are taken back where nothing came of them, and what is named stays', async () => {
        const [nobodys, named] = [await repo.store(bodyOf(['in vain'])), await repo.store(bodyOf(['named']))];
        await repo.link({ ...fileOf('pkg', 'layer'), blob: named });
        await repo.abandon();

        expect([await subject.blobs.has(nobodys), await subject.blobs.has(named)]).toEqual([false, true]);
        await repo.abandon();
        expect(await textOf(repo, fileOf('pkg', 'layer'))).toBe('named');
      });

      test('of bytes that are not there are not linked', async () => {
        const blob = { digest: `sha256:${'0'.repeat(64)}`, size: 1, generation: '0'.repeat(32) } as const;

        expect(await failureOf(repo.link({ ...fileOf('pkg', 'layer'), blob }))).toMatchObject(MISSING);
        expect(await repo.file(fileOf('pkg', 'layer'))).toBeUndefined();
      });

      test('are read whole only as far as was said', async () => {
        const file = await repo.file(await linked(repo, 'pkg', 'layer', '12345'));
        if (!file) throw new Error('it was linked');

        expect((await repo.read(file, 5)).byteLength).toBe(5);
        expect(await failureOf(repo.read(file, 4))).toMatchObject({ reason: 'SIZE_LIMIT' });
      });
    });

    describe('attributes', () => {
      test('are changed by who knows the old ones', async () => {
        await publish(repo, 'pkg', '1.0');

        await Promise.all(
          [1, 2, 3].map((n) => repo.amend('pkg', '1.0', (old) => ({ ...old, [`n${n}`]: n }))),
        );

        expect((await repo.version('pkg', '1.0'))?.attributes).toEqual({ of: '1.0', n1: 1, n2: 2, n3: 3 });
        expect(await failureOf(repo.amend('pkg', '2.0', (old) => old))).toMatchObject(MISSING);
      });

      test('stay what they were when the change fails', async () => {
        await publish(repo, 'pkg', '1.0');
        const failure = new Error('changed my mind');

        const change = repo.amend('pkg', '1.0', () => {
          throw failure;
        });

        expect(await failureOf(change)).toBe(failure);
        expect((await repo.version('pkg', '1.0'))?.attributes).toEqual({ of: '1.0' });
      });
    });

    describe('uploads', () => {
      test('are continued by who began them, for the same package alone', async () => {
        const { session, writer } = await repo.beginUpload('pkg');
        await writer.append(bodyOf(['half ']));
        await writer.release();
        const another = await subject.repo();
        const foreign = [
          repo.resumeUpload('other', session),
          another.resumeUpload('pkg', session),
          subject.as(repo, 'somebody').resumeUpload('pkg', session),
          repo.resumeUpload('pkg', `${session}x`),
        ];
        for (const attempt of foreign)
          expect(await failureOf(attempt)).toMatchObject({ ...MISSING, reason: 'BLOB_UPLOAD_UNKNOWN' });

        const resumed = await repo.resumeUpload('pkg', session);
        await resumed.writer.append(bodyOf(['and half']));

        const blob = await resumed.writer.commit();
        await repo.link({ ...fileOf('pkg', 'layer'), blob });
        expect(await textOf(repo, fileOf('pkg', 'layer'))).toBe('half and half');
      });
    });
  });
}
