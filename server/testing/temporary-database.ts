import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MetadataDatabase } from '../stores/metadata/database.ts';
import { temporary } from './harness.ts';

/** The real database, on a directory that goes with it. */
export interface TemporaryDatabase extends AsyncDisposable {
  readonly database: MetadataDatabase;
  readonly path: string;
}

export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const directory = await temporary();
  const path = join(directory, 'entrepot.db');
  const database = await MetadataDatabase.open(path);
  return {
    database,
    path,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}
