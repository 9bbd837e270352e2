import { join } from 'node:path';
import { run } from '../harness/run.ts';

/** The index that a client uses. */
export interface PythonIndex {
  /** Of the repository: ends in a slash. */
  readonly url: string;
  /** What the client shows. */
  readonly username: string;
  readonly password: string;
}

/** Where a client runs: with a home, a configuration and a cache of its own. */
export interface PythonStage extends PythonIndex {
  /** An empty directory. */
  readonly directory: string;
}

/** A folder with the source of a project, and what was built of it in `dist`. */
export interface BuiltProject {
  readonly folder: string;
  /** Paths, in `dist`. */
  readonly files: readonly string[];
}

/** What clients of Python's indexes do, in the same words for all. A call that fails tells all that the client printed. */
export interface PythonClient {
  publish(project: BuiltProject): Promise<unknown>;
  /** Installs what is asked for, such as `demo` and `demo==1.0`; answers the folder that it went to. */
  install(requirements: readonly string[]): Promise<string>;
}

export interface PythonClientKind {
  readonly name: string;
  /** Programs that must be on the machine. */
  readonly programs: readonly string[];
  /** What people see who publish other bytes under a name that is there. */
  readonly refusesAgain: RegExp;
  open(stage: PythonStage): Promise<PythonClient>;
}

/** The address of the index, with the credentials in it. */
export function indexUrl({ url, username, password }: PythonIndex): string {
  const index = new URL('simple/', url);
  index.username = username;
  index.password = password;
  return index.href;
}

/** Runs a client with nothing of the machine's configuration. */
export const alone =
  ({ directory }: PythonStage, more: Readonly<Record<string, string>> = {}) =>
  (command: readonly string[], cwd = directory): Promise<string> =>
    run(command, {
      cwd,
      env: {
        HOME: directory,
        XDG_CONFIG_HOME: join(directory, 'config'),
        XDG_CACHE_HOME: join(directory, 'cache'),
        PIP_CONFIG_FILE: '/dev/null',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        ...more,
      },
    });
