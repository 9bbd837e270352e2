import { findProgram, PATH, type RunOptions } from './run.ts';

/** What a program shows, and the line that a person then types, or what they do elsewhere. */
export interface Turn {
  readonly shown: RegExp;
  readonly reply: string | ((found: RegExpExecArray) => Promise<void>);
}

const LIMIT_MS = 120_000;
/** What a terminal is told about colours and its cursor. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007]*\u0007|[@-Z\\-_=>])/g;

/** Runs a program at a terminal to its end, which must be a good one; answers all that was shown. */
export async function converse(
  command: readonly string[],
  turns: readonly Turn[],
  { env = {}, cwd }: Pick<RunOptions, 'env' | 'cwd'> = {},
): Promise<string> {
  const decoder = new TextDecoder();
  let [shown, read] = ['', 0];
  let wake = Promise.withResolvers<void>();
  const [program = '', ...args] = command;
  const child = Bun.spawn([findProgram(program) ?? program, ...args], {
    env: { PATH, LC_ALL: 'C.UTF-8', TERM: 'xterm', ...env },
    ...(cwd !== undefined && { cwd }),
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    terminal: {
      cols: 200,
      data(_, data) {
        shown += decoder.decode(data, { stream: true });
        wake.resolve();
        wake = Promise.withResolvers();
      },
    },
  });
  const ended = child.exited.then(() => 'ended' as const);
  const until = async (wanted: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = wanted.exec(plain(shown.slice(read)));
      if (found) return found;
      if ((await Promise.race([wake.promise, ended])) === 'ended')
        throw new Error(`${command.join(' ')}\nended and had not shown ${wanted}:\n${plain(shown)}`);
    }
  };
  for (const turn of turns) {
    const found = await until(turn.shown);
    read = shown.length;
    if (typeof turn.reply === 'string') child.terminal?.write(`${turn.reply}\r`);
    else await turn.reply(found);
  }
  const code = await child.exited;
  child.terminal?.close();
  if (code !== 0) throw new Error(`${command.join(' ')}\nexit code ${code}\n${plain(shown)}`);
  return plain(shown);
}

const plain = (shown: string): string => shown.replaceAll(CONTROLS, '');
