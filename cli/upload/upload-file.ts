import { open, type FileHandle } from 'node:fs/promises';
import type { Client } from '../../contract/client.ts';
import { CliError } from '../exit.ts';
import { sha256Of } from '../file-hash.ts';
import { isRefusal } from '../refusal.ts';

interface FileUpload {
  readonly uploads: Client['genericArtifacts'];
  readonly parent: string;
  readonly message: Readonly<Record<string, string>>;
  /** Where it is here. */
  readonly path: string;
  /** Bytes of a part. */
  readonly part: number;
  /** Of an upload that was interrupted, where there was one. */
  readonly session: string | undefined;
  /** Told of a session that was begun, so that another run can go on. */
  readonly begun: (session: string) => Promise<void>;
  /** Told how many bytes the server has. */
  readonly report: (bytes: number, total: number) => void;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;

/** Sends a file in parts, goes on where it broke off, and has the server hold the whole to its SHA-256. Answers its bytes. */
export async function uploadFile(upload: FileUpload): Promise<number> {
  const { uploads, parent, report, signal } = upload;
  await using file = await open(upload.path, 'r');
  const { size } = await file.stat();
  const digest = await sha256Of(file, 'hex');
  let { session, offset } = await resumed(upload, size);
  for (let failures = 0; ;) {
    report(offset, size);
    const bytes = await bytesAt(file, offset, Math.min(upload.part, size - offset));
    const isLast = offset + bytes.byteLength === size;
    try {
      const progress = await uploads.send(
        parent,
        session,
        { offset, total: size, bytes, ...(isLast && { sha256: digest }) },
        { signal },
      );
      if (progress.done) return size;
      failures = progress.offset > offset ? 0 : failures + 1;
      if (failures === ATTEMPTS)
        throw new CliError('unavailable', `the server takes no more of ${upload.path}`);
      offset = progress.offset;
    } catch (thrown) {
      if (signal.aborted)
        throw new CliError('cancelled', 'the upload was interrupted; run the command again to go on with it');
      failures += 1;
      if (thrown instanceof CliError || isRefusal(thrown) || failures >= ATTEMPTS) throw thrown;
      await upload.sleep(FIRST_PAUSE_MS * 2 ** (failures - 1));
      offset = (await whereabouts(upload, session, size)) ?? offset;
    }
  }
}

/** An upload from before where it still is one; else a new one. */
async function resumed(upload: FileUpload, size: number): Promise<{ session: string; offset: number }> {
  const { uploads, parent, message, session, begun, signal } = upload;
  const offset = session === undefined ? undefined : await whereabouts(upload, session, size);
  if (session !== undefined && offset !== undefined) return { session, offset };
  const fresh = await uploads.begin(parent, message, size, { signal });
  await begun(fresh);
  return { session: fresh, offset: 0 };
}

/** How much the server has; nothing where it does not know the session, or cannot be asked. */
async function whereabouts(
  { uploads, parent, signal }: FileUpload,
  session: string,
  total: number,
): Promise<number | undefined> {
  // Asked of an empty file, it would end the upload.
  if (total === 0) return 0;
  const answer = await uploads.send(parent, session, { offset: 0, total }, { signal }).catch(() => undefined);
  return answer && !answer.done ? answer.offset : undefined;
}

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, offset + at);
    if (bytesRead === 0) throw new CliError('failed', 'the file became shorter while it was uploaded');
    at += bytesRead;
  }
  return bytes;
}
