import type { FileRef } from './catalog.ts';

/** Who notes that versions are in use. */
export interface PullNotes {
  /** A client got a file, or was told that it has it; nothing for one that is no version's. Costs next to nothing. */
  note(repositoryId: number, file: Pick<FileRef, 'coordinates'>): void;
}

/** Notes of one repository. */
export type NotePull = (file: Pick<FileRef, 'coordinates'>) => void;
