import { findProgram } from '../harness/run.ts';

export interface Tracing extends AsyncDisposable {
  readonly pid: number;
}

/** From when this resolves until it is disposed of, every sync of the process, or of one path, fails as on a broken disk. */
export const failSyncs = (pid: number, path?: string): Promise<Tracing> => tampered(pid, 'error=EIO', path);

/** The same, but every sync takes so many milliseconds longer. */
export const slowSyncs = (pid: number, milliseconds: number): Promise<Tracing> =>
  tampered(pid, `delay_enter=${milliseconds * 1000}`);

/** For letting go of its threads; of a process that is just being killed strace waits for ever. */
const LEAVE_MS = 10_000;
/** All threads; and what they call nowhere, since nobody gets on while strace waits for someone to read that. */
const QUIET = ['-f', '-o', '/dev/null'];

async function tampered(pid: number, how: string, path?: string): Promise<Tracing> {
  const calls = 'fsync,fdatasync,sync_file_range';
  const inject = `inject=fsync,fdatasync:${how}`;
  const of = path === undefined ? [] : ['-P', path];
  const filters = ['-e', `trace=${calls}`, '-e', inject, ...of];
  const child = Bun.spawn([findProgram('strace') ?? 'strace', ...QUIET, ...filters, '-p', String(pid)], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    timeout: 120_000,
  });
  await attached(child.stderr);
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGINT');
      const late = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS);
      await child.exited;
      clearTimeout(late);
    },
  };
}

/** Reads on afterwards, so that what is traced never waits for us. */
async function attached(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  const done = Promise.withResolvers<void>();
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of output.pipeThrough(new TextDecoderStream())) {
      if (text.length < 10_000) text += chunk;
      if (/attached/.test(text)) done.resolve();
    }
    done.reject(new Error(`strace did not attach: ${text}`));
  };
  read().catch(done.reject);
  await done.promise;
}

/** Why processes cannot be traced here; nothing when they can. */
export async function reasonAgainstTracing(): Promise<string | undefined> {
  const victim = Bun.spawn(['sleep', '120']);
  try {
    await using _ = await failSyncs(victim.pid);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    victim.kill('SIGKILL');
    await victim.exited;
  }
}
