import { join } from 'node:path';
import { run } from '../harness/run.ts';
import type { Scratch } from '../harness/scratch.ts';

/** Where files are, and who takes them there. */
export interface FileTree {
  /** Ends in a slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

type Upload = (space: Scratch, tree: FileTree, path: string, file: string) => Promise<void>;

/** A client of a repository of files. */
export interface GenericClientKind {
  readonly name: string;
  readonly programs: readonly string[];
  /** Nothing where it only downloads. */
  readonly upload?: Upload;
  /** Downloads to a file of its own and answers that. */
  readonly download: (space: Scratch, tree: FileTree, path: string) => Promise<string>;
}

const target = ({ path }: Scratch): string => join(path, crypto.randomUUID().slice(0, 8));

export const curl: GenericClientKind & { readonly upload: Upload } = {
  name: 'curl',
  programs: ['curl'],
  upload: async (_, { url, username, password }, path, file) => {
    await run(['curl', '-fsS', '-u', `${username}:${password}`, '-T', file, url + path]);
  },
  download: async (space, { url, username, password }, path) => {
    const to = target(space);
    await run(['curl', '-fsSL', '-u', `${username}:${password}`, '-o', to, url + path]);
    return to;
  },
};

export const wget: GenericClientKind = {
  name: 'wget',
  programs: ['wget'],
  download: async (space, { url, username, password }, path) => {
    const to = target(space);
    const user = ['--auth-no-challenge', `--user=${username}`, `--password=${password}`];
    await run(['wget', '-q', ...user, '-O', to, url + path]);
    return to;
  },
};
