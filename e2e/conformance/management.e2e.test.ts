import { expect } from 'bun:test';
import { encodeJson, digestOf, mediaTypes } from '../harness/oci.ts';
import { conformanceTable, type Row } from './table.ts';
import { ABSENT, jsonOf, utf8 } from './wire.ts';

const tags: readonly Row[] = [
  {
    level: 'MUST',
    says: 'deleting a tag is 202 and takes that tag alone',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      for (const tag of ['one', 'two']) await image.put(tag, bytes, mediaTypes.manifest);
      expect((await image.delete('manifests/one')).status).toBe(202);
      expect((await image.get('manifests/one')).codes).toEqual(['MANIFEST_UNKNOWN']);
      for (const reference of ['two', digestOf(bytes)])
        expect((await image.get(`manifests/${reference}`)).status).toBe(200);
      expect(jsonOf(await image.get('tags/list'))).toMatchObject({ tags: ['two'] });
    },
  },
  {
    level: 'ours',
    says: 'a manifest without tags stays to be pulled by digest',
    async run({ image }) {
      const { digest } = await image.pushImage('only');
      expect((await image.delete('manifests/only')).status).toBe(202);
      expect((await image.get(`manifests/${digest}`)).status).toBe(200);
    },
  },
  {
    level: 'MUST',
    says: 'deleting a tag that is not there is 404',
    async run({ image }) {
      await image.pushImage('v1');
      expect((await image.delete('manifests/none')).codes).toEqual(['MANIFEST_UNKNOWN']);
    },
  },
];

const manifests: readonly Row[] = [
  {
    level: 'MUST',
    says: 'deleting a manifest is 202 and takes every tag that points at it',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      for (const tag of ['one', 'two']) await image.put(tag, bytes, mediaTypes.manifest);
      const kept = await image.pushImage('kept');
      expect((await image.delete(`manifests/${digestOf(bytes)}`)).status).toBe(202);
      for (const reference of ['one', 'two', digestOf(bytes)])
        for (const method of ['GET', 'HEAD'])
          expect((await image.send(method, `manifests/${reference}`)).status).toBe(404);
      expect((await image.get(`manifests/${kept.digest}`)).status).toBe(200);
    },
  },
  {
    level: 'MUST',
    says: 'deleting a manifest, or from an image, that is not there is 404',
    async run({ image, other }) {
      await image.pushImage('v1');
      expect((await image.delete(`manifests/${ABSENT}`)).codes).toEqual(['MANIFEST_UNKNOWN']);
      expect((await other.delete(`manifests/${ABSENT}`)).status).toBe(404);
    },
  },
  {
    level: 'MAY',
    says: 'a manifest pushed by sha512 is deleted by sha512',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      const digest = digestOf(bytes, 'sha512');
      expect((await image.put(digest, bytes, mediaTypes.manifest)).status).toBe(201);
      expect((await image.delete(`manifests/${digest}`)).status).toBe(202);
      expect((await image.get(`manifests/${digest}`)).status).toBe(404);
    },
  },
  {
    level: 'MUST',
    says: 'an index goes before its images, and leaves them',
    async run({ image }) {
      const children = [await image.pushImage(), await image.pushImage()];
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: children };
      const { digest } = await image.pushManifest(index, mediaTypes.index, 'multi');
      expect((await image.delete(`manifests/${digest}`)).status).toBe(202);
      for (const child of children) {
        expect((await image.get(`manifests/${child.digest}`)).status).toBe(200);
        expect((await image.delete(`manifests/${child.digest}`)).status).toBe(202);
      }
    },
  },
  {
    level: 'ours',
    says: 'an image that a live index lists is not deleted from under it',
    async run({ image }) {
      const child = await image.pushImage();
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [child] };
      await image.pushManifest(index, mediaTypes.index, 'multi');
      const refused = await image.delete(`manifests/${child.digest}`);
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect((await image.get(`manifests/${child.digest}`)).status).toBe(200);
    },
  },
  {
    level: 'MUST',
    says: 'deleting a subject leaves what refers to it',
    async run({ image }) {
      const subject = await image.pushImage('v1');
      const referrer = await image.pushImage(undefined, { subject });
      expect((await image.delete(`manifests/${subject.digest}`)).status).toBe(202);
      expect((await image.get(`manifests/${referrer.digest}`)).status).toBe(200);
      const listed = jsonOf(await image.get(`referrers/${subject.digest}`));
      expect(listed).toMatchObject({ manifests: [{ digest: referrer.digest }] });
    },
  },
  {
    level: 'ours',
    says: 'what was deleted can be pushed again',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      for (let times = 0; times < 2; times += 1) {
        expect((await image.put('again', bytes, mediaTypes.manifest)).status).toBe(201);
        expect((await image.get('manifests/again')).status).toBe(200);
        expect((await image.delete(`manifests/${digestOf(bytes)}`)).status).toBe(202);
      }
    },
  },
];

const blobs: readonly Row[] = [
  {
    level: 'MUST',
    says: 'deleting a blob is 202, and it is gone',
    async run({ image }) {
      const { digest } = await image.pushBlob(utf8('short-lived'));
      expect((await image.delete(`blobs/${digest}`)).status).toBe(202);
      for (const method of ['GET', 'HEAD'])
        expect((await image.send(method, `blobs/${digest}`)).status).toBe(404);
    },
  },
  {
    level: 'MUST',
    says: 'deleting a blob that is not there is 404',
    async run({ image }) {
      await image.pushImage('v1');
      const answer = await image.delete(`blobs/${ABSENT}`);
      expect([answer.status, ...answer.codes]).toEqual([404, 'BLOB_UNKNOWN']);
    },
  },
  {
    level: 'MAY',
    says: 'a blob pushed by sha512 is deleted by sha512',
    async run({ image }) {
      const bytes = utf8('by sha512');
      const digest = digestOf(bytes, 'sha512');
      expect((await image.finish(await image.begin(), digest, bytes)).status).toBe(201);
      expect((await image.delete(`blobs/${digest}`)).status).toBe(202);
      expect((await image.head(`blobs/${digest}`)).status).toBe(404);
    },
  },
  {
    level: 'ours',
    says: 'a blob that is deleted in one repository stays in another, and can come back',
    async run({ image, other }) {
      const bytes = utf8('shared');
      const { digest } = await image.pushBlob(bytes);
      await other.pushBlob(bytes);
      expect((await image.delete(`blobs/${digest}`)).status).toBe(202);
      expect((await other.get(`blobs/${digest}`)).status).toBe(200);
      await image.pushBlob(bytes);
      expect((await image.get(`blobs/${digest}`)).status).toBe(200);
    },
  },
];

conformanceTable('content management', [...tags, ...manifests, ...blobs]);
