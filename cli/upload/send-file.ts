import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError, type Client, type File } from '../../contract/client.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../exit.ts';
import { sha256Of } from '../file-hash.ts';
import { filesOf } from '../settings/files.ts';
import { UploadSessions } from './sessions.ts';
import { uploadFile } from './upload-file.ts';

/** Bytes of a part. */
const PART = 32 * 2 ** 20;

export type Outcome = 'uploaded' | 'there';

/** What the uploads of a command have in common. */
export interface Sending {
  readonly cli: Cli;
  readonly client: Client;
  readonly server: string;
  readonly sessions: UploadSessions;
  readonly signal: AbortSignal;
  /** Whether files stay as they are that are there with other bytes. */
  readonly skips: boolean;
}

export async function sendingOf(cli: Cli, skips: boolean): Promise<Sending> {
  return {
    cli,
    client: await cli.client(),
    server: await cli.server(),
    sessions: new UploadSessions(join(filesOf(cli.io).settings, '..', 'uploads.json')),
    signal: cli.io.interrupt(),
    skips,
  };
}

export interface SentFile {
  /** Where it is here. */
  readonly path: string;
  /** The repository that it goes to, and the method that takes it. */
  readonly parent: string;
  readonly uploads: Client['fileUploads'];
  readonly message: Readonly<Record<string, string>>;
  /** Its resource name, once it is there. */
  readonly name: string;
  /** What it is to people: `a.txt in tool 1.0`. */
  readonly called: string;
}

/** Sends a file, or goes on with one that was interrupted; leaves one that is there with the same bytes. */
export async function sendFile(
  sending: Sending,
  file: SentFile,
  report: (bytes: number) => void,
): Promise<Outcome> {
  const { cli, server, sessions, signal } = sending;
  const { uploads, parent, message, path } = file;
  const { size, mtimeMs } = await stat(path);
  const known = await existing(sending, file);
  if (known) return leave(sending, file, known, () => report(size));
  const what = JSON.stringify([server, parent, message, size, mtimeMs]);
  const send = async (): Promise<Outcome> => {
    await uploadFile({
      uploads,
      parent,
      message,
      path,
      part: PART,
      session: await sessions.find(what),
      begun: (session) => sessions.keep(what, session),
      report,
      signal,
      sleep: cli.io.sleep,
    });
    await sessions.keep(what, undefined);
    return 'uploaded';
  };
  try {
    return await send();
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    // Somebody else may have brought it meanwhile, or an answer was lost on its way.
    const there = await existing(sending, file);
    if (!there && thrown.status !== 404) throw thrown;
    await sessions.keep(what, undefined);
    // A server that went down just then knows neither the session nor the file.
    return there ? leave(sending, file, there, () => report(size)) : send();
  }
}

async function existing({ client }: Sending, { name }: SentFile): Promise<File | undefined> {
  try {
    return await client.files.get(name);
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 404) return undefined;
    throw thrown;
  }
}

async function leave(
  { skips }: Sending,
  { path, called }: SentFile,
  { hashes = [] }: File,
  done: () => void,
): Promise<Outcome> {
  await using file = await open(path, 'r');
  const digest = await sha256Of(file, 'base64');
  const isSame = hashes.some(({ type, value }) => type === 'SHA256' && value === digest);
  if (!isSame && !skips)
    throw new CliError(
      'conflict',
      `${called} already exists with other bytes than ${path}; publish another version, or give ` +
        '--skip-existing to leave it as it is',
    );
  done();
  return 'there';
}
