import { type FileHandle, open } from 'node:fs/promises';
import type { LogEntry } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { CliError, usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { entryCounter } from './entry-counter.ts';
import { endOf } from './export-file.ts';
import { logPlace, organizationFlag } from './log-place.ts';

type Last = Pick<LogEntry, 'timestamp' | 'insertId'>;

/** Where entries go. */
interface Target {
  readonly after?: Last;
  write(lines: string): Promise<void>;
  close(): Promise<void>;
}

export const exportLog = defineCommand({
  path: 'logging export',
  summary: 'Write the audit log to a file, oldest entry first, one JSON value to a line.',
  description: `With --resume a file that is there is continued after its last whole line, so that the
same command, run again and again, keeps a copy that is never far behind.`,
  examples: [
    { says: 'Everything of a project:', line: 'entrepot logging export audit.jsonl --project=my-project' },
    {
      says: 'A copy of everything, kept up to date from time to time:',
      line: 'entrepot logging export audit.jsonl --organization=entrepot --resume',
    },
    {
      says: 'To another program:',
      line: `entrepot logging export - --log-filter='severity>=ERROR' | jq .protoPayload.methodName`,
    },
  ],
  positionals: { file: one('File to write; - is standard output.') },
  flags: {
    organization: organizationFlag,
    logFilter: text('FILTER', 'Which entries, as for "entrepot logging read".'),
    resume: toggle('Go on where the file ends.'),
  },
  format: 'none',
  async run({ file, organization, logFilter, resume = false }, cli) {
    if (file === '-' && resume) throw usage('--resume needs a file; standard output cannot be continued');
    const place = await logPlace(cli, organization);
    const client = await cli.client();
    const target = file === '-' ? toOutput(cli) : await toFile(file, resume);
    const counter = entryCounter(cli);
    try {
      const response = await client.logEntries.export(place, {
        ...(logFilter !== undefined && { filter: logFilter }),
        ...(target.after && { after: target.after }),
        signal: cli.io.interrupt(),
      });
      for await (const lines of wholeLines(response)) {
        await target.write(lines);
        counter.add(lines);
      }
    } finally {
      await counter.end();
      await target.close();
    }
    if (file !== '-') await cli.terminal.notice(`Wrote ${counter.total} entries to ${file}.`);
    return undefined;
  },
});

const toOutput = (cli: Cli): Target => ({
  write: (lines) => cli.io.stdout.write(lines),
  close: async () => undefined,
});

async function toFile(path: string, resume: boolean): Promise<Target> {
  const handle = await opened(path, resume);
  try {
    const { length, last } = await endOf(handle);
    await handle.truncate(length);
    let at = length;
    return {
      ...(last && { after: last }),
      write: async (lines) => {
        const bytes = Buffer.from(lines);
        await handle.write(bytes, 0, bytes.length, at);
        at += bytes.length;
      },
      close: () => handle.close(),
    };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function opened(path: string, resume: boolean): Promise<FileHandle> {
  try {
    if (resume) return await open(path, 'r+', 0o600).catch(() => open(path, 'wx+', 0o600));
    return await open(path, 'wx+', 0o600);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')
      throw new CliError('conflict', `${path} is there already; give --resume to continue it`, thrown);
    throw new CliError('failed', `${path} cannot be written: ${String(thrown)}`, thrown);
  }
}

/** What arrives, cut where lines end. A connection that breaks off in the middle of one is noticed. */
async function* wholeLines({ body }: Response): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body ?? []) {
    const arrived = rest + decoder.decode(bytes, { stream: true });
    const end = arrived.lastIndexOf('\n') + 1;
    rest = arrived.slice(end);
    if (end > 0) yield arrived.slice(0, end);
  }
  if (rest !== '')
    throw new CliError('unavailable', 'the connection ended inside an entry; run it again with --resume');
}
