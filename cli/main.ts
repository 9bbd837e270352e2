import { root } from './commands/index.ts';
import { Cli } from './context.ts';
import { EXIT, type ExitName, NegativeAnswer } from './exit.ts';
import { failureOf } from './failure.ts';
import type { Answer, Command } from './grammar/command.ts';
import { helpText, usageLine } from './grammar/help.ts';
import { parse, ParseError, type Invocation } from './grammar/parse.ts';
import { isCommand, type Group } from './grammar/tree.ts';
import { OutputClosed, type Io } from './io.ts';
import { printing } from './output/print.ts';
import { pushedDown } from './output/pushed-down.ts';

/** The name under which the container tools look for us in PATH. */
export const HELPER_NAME = 'docker-credential-entrepot';

/** Runs one command line and answers the exit code. `argv` is what follows the name of the program. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    if (io.program === HELPER_NAME) return await speakAsHelper(argv, io);
    if (argv[0] === 'docker-credential') return await speakAsHelper(argv.slice(1), io);
    return await run(parse(root(), versionFlag(argv)), io);
  } catch (thrown) {
    if (thrown instanceof OutputClosed) return EXIT.ok;
    if (thrown instanceof ParseError) return await refuse(thrown, io);
    const failure = failureOf(thrown, '');
    await io.stderr.write(`ERROR: (entrepot) ${failure.message}\n`);
    return EXIT[failure.exit];
  }
}

async function speakAsHelper(argv: readonly string[], io: Io): Promise<number> {
  const { credentialHelper } = await import('./docker/credential-helper.ts');
  return credentialHelper(argv, io);
}

/** `entrepot --version` is `entrepot version`; elsewhere --version belongs to a command. */
const versionFlag = (argv: readonly string[]): readonly string[] =>
  argv.length === 1 && argv[0] === '--version' ? ['version'] : argv;

async function run(invocation: Invocation, io: Io): Promise<number> {
  if (invocation.kind === 'help') {
    await (invocation.asked ? io.stdout : io.stderr).write(helpText(invocation.at));
    return invocation.asked ? EXIT.ok : EXIT.usage;
  }
  const { command, args, globals } = invocation;
  const cli = new Cli(io, globals);
  try {
    const pushed = pushedDown(command, globals);
    const output = printing(command, globals, pushed, io.now());
    const { answer, exit } = await answered(command.run(args, new Cli(io, globals, pushed)));
    const { rows } = await output.print(answer, io.stdout);
    if (command.lists && rows === 0) await cli.terminal.notice('Listed 0 items.');
    return EXIT[exit];
  } catch (thrown) {
    if (thrown instanceof OutputClosed) throw thrown;
    const failure = failureOf(thrown, await cli.server().catch(() => ''));
    await cli.terminal.debug(failure.cause instanceof Error ? String(failure.cause.stack) : failure.message);
    await cli.terminal.error(`(${dotted(command)}) ${failure.message}`);
    return EXIT[failure.exit];
  }
}

/** What a command answered, and what the process says of it: 1 for the answer no. */
async function answered(
  running: Promise<Answer>,
): Promise<{ readonly answer: Answer; readonly exit: ExitName }> {
  try {
    return { answer: await running, exit: 'ok' };
  } catch (thrown) {
    if (thrown instanceof NegativeAnswer) return { answer: thrown.answer, exit: 'failed' };
    throw thrown;
  }
}

/** Says what could not be understood, and how the command is written. */
async function refuse(error: ParseError, io: Io): Promise<number> {
  const usage = isCommand(error.at) ? `Usage: ${usageLine(error.at)}\n` : '';
  await io.stderr.write(`ERROR: (${dotted(error.at)}) ${error.message}\n${usage}`);
  return EXIT[error.exit];
}

const dotted = (at: Group | Command): string =>
  ['entrepot', ...(isCommand(at) ? at.path.split(' ') : at.words)].join('.');
