import { Database } from 'bun:sqlite';
import { expect } from 'bun:test';
import { buildApp } from '../app.ts';
import { parseConfig } from '../config.ts';
import type { BlobInfo } from '../core/blob.ts';
import { CHECKS } from '../ops/doctor/checks.ts';
import { examine } from '../ops/doctor/examine.ts';
import { DataDirectory, dataPaths } from '../stores/data-directory.ts';
import { MetadataDatabase } from '../stores/metadata/database.ts';
import { Clock, TestServer } from './harness.ts';
import type { ImageClient } from './oci.ts';

const config = (directory: string) =>
  parseConfig({
    argv: ['--data', directory, '--reserve', '0KiB', '--listen', '127.0.0.1:0'],
    env: {},
    readFile: () => '',
  });

/** A server on a data directory that is there already. */
export async function startOn(directoryPath: string): Promise<TestServer> {
  const clock = new Clock();
  const directory = new DataDirectory(directoryPath);
  directory.lock();
  const log = { write: () => undefined, flush: () => undefined };
  const app = await buildApp({ config: config(directoryPath), directory, log, now: clock.now, shared: true });
  const database = await MetadataDatabase.open(directory.database);
  return new TestServer({ clock, logged: [], database, directory, app });
}

/** What the doctor finds wrong, reading everything. */
export async function complaints(directory: string): Promise<readonly string[]> {
  const found = await Array.fromAsync(
    examine({
      directory,
      settings: config(directory),
      checks: CHECKS,
      deep: true,
      now: Date.now,
      progress: () => undefined,
    }),
  );
  return found.filter(({ level }) => level === 'fail').map(({ name, says }) => `${name}: ${says}`);
}

/** The blobs that a data directory's database names, by their digests. */
export const blobsOf = (directory: string): readonly BlobInfo[] => {
  using database = new Database(dataPaths(directory).database, { readonly: true });
  return database.query<BlobInfo, []>('SELECT digest, size, generation FROM blob ORDER BY digest').all();
};

export interface Pulled {
  readonly document: string;
  readonly blobs: readonly (readonly [digest: string, bytes: string])[];
}

/** All that a client gets of an image, byte for byte. */
export async function pull(image: ImageClient, reference: string): Promise<Pulled> {
  const answer = await image.send('GET', `manifests/${reference}`);
  const document = await answer.text();
  expect({ status: answer.status, document }).toMatchObject({ status: 200 });
  const { config: first, layers } = JSON.parse(document) as Record<'config', BlobInfo> & {
    layers: BlobInfo[];
  };
  const blobs = await Promise.all(
    [first, ...layers].map(async ({ digest }) => {
      const blob = await image.send('GET', `blobs/${digest}`);
      expect(blob.status).toBe(200);
      return [digest, Buffer.from(await blob.arrayBuffer()).toString('base64')] as const;
    }),
  );
  return { document, blobs };
}
