import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finished, run, succeed } from '../harness/run.ts';

/** Where a go command gets modules. */
export interface GoProxy {
  /** Of the repository over https, without a slash at its end. */
  readonly url: string;
  /** Of the repository as the management API has it. */
  readonly repository: string;
  /** Of the server, for the command line. */
  readonly server: string;
  readonly token: string;
  /** PEM of whoever vouches for the server. */
  readonly certificate: string;
}

export interface GoStage extends GoProxy {
  /** An empty directory. */
  readonly directory: string;
  /** What was built before by others, which says nothing of where it came from. */
  readonly builds: string;
}

/** How the go command is told who asks. */
export interface GoClientKind {
  readonly name: string;
  readonly programs: readonly string[];
  /** What is set for it, and files of its home. */
  login(stage: GoStage): Promise<Readonly<Record<string, string>>>;
}

/** The first program that is built takes its time. */
const LIMIT_MS = 300_000;

const ROOT = join(import.meta.dir, '..', '..');
/** The command line of the program, from the source. */
export const ENTREPOT = [process.execPath, join(ROOT, 'bin', 'entrepot.ts')] as const;

/** One go command with a home, a configuration and modules of its own. */
export class GoClient {
  readonly #stage: GoStage;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(stage: GoStage, env: Readonly<Record<string, string>>) {
    this.#stage = stage;
    this.#env = env;
  }

  static async open(kind: GoClientKind, stage: GoStage): Promise<GoClient> {
    const certificate = join(stage.directory, 'ca.pem');
    await writeFile(certificate, stage.certificate);
    return new GoClient(stage, {
      HOME: stage.directory,
      GOPROXY: stage.url,
      GONOSUMDB: '*',
      GOTOOLCHAIN: 'local',
      GOFLAGS: '-modcacherw -mod=mod',
      GOPATH: join(stage.directory, 'go'),
      GOCACHE: stage.builds,
      SSL_CERT_FILE: certificate,
      ...(await kind.login(stage)),
    });
  }

  /** Uploads the module in a folder. */
  publish(folder: string, module: string, version: string): Promise<string> {
    const { server, token, directory } = this.#stage;
    const [, project = '', , location = '', , repository = ''] = this.#stage.repository.split('/');
    const flags = [`--server=${server}`, `--project=${project}`, `--location=${location}`];
    const what = [
      `--repository=${repository}`,
      `--module-path=${module}`,
      `--version=${version}`,
      `--source=${folder}`,
    ];
    return run([...ENTREPOT, 'artifacts', 'go', 'upload', ...what, ...flags], {
      env: { HOME: directory, ENTREPOT_ACCESS_TOKEN: token },
    });
  }

  /** Adds what is asked for, such as `example.com/lib@v1.0.0`, to a program that prints what each module says. */
  async say(modules: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const folder = join(this.#stage.directory, `program-${crypto.randomUUID().slice(0, 8)}`);
    await mkdir(folder);
    const paths = modules.map((module) => module.replace(/@.*$/, ''));
    const imports = paths.map((path, at) => `\tm${at} ${JSON.stringify(path)}`);
    const prints = paths.map((_, at) => `\tprintln(m${at}.Says())`);
    await writeFile(join(folder, 'go.mod'), 'module example.com/program\n\ngo 1.21\n');
    await writeFile(
      join(folder, 'main.go'),
      ['package main', '', 'import (', ...imports, ')', '', 'func main() {', ...prints, '}', ''].join('\n'),
    );
    await this.#go(['get', ...modules], folder, env);
    // The language's own println needs nothing of the library to be built, and writes to standard error.
    return (await this.#go(['run', '.'], folder, env)).stderr;
  }

  /** Downloads all that a program needs which asks for `modules`, each `MODULE@VERSION`; answers it as `go.sum` has it, sorted. */
  async download(
    modules: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<readonly string[]> {
    const folder = join(this.#stage.directory, `program-${crypto.randomUUID().slice(0, 8)}`);
    await mkdir(folder);
    await writeFile(join(folder, 'go.mod'), 'module example.com/program\n\ngo 1.21\n');
    await this.#go(['get', ...modules], folder, env);
    await this.#go(['mod', 'download'], folder, env);
    const sums = await readFile(join(folder, 'go.sum'), 'utf8');
    return sums
      .split('\n')
      .filter((line) => line !== '' && !line.includes('/go.mod '))
      .sort();
  }

  /** Installs a program, `MODULE@VERSION`, and answers what it says when it runs. */
  async install(program: string): Promise<string> {
    const folder = this.#stage.directory;
    await this.#go(['install', program], folder, {});
    const name = program.replace(/@.*$/, '').split('/').at(-1) ?? '';
    return (await succeed([join(folder, 'go', 'bin', name)])).stderr;
  }

  async go(args: readonly string[], cwd = this.#stage.directory): Promise<string> {
    return (await this.#go(args, cwd, {})).stdout;
  }

  #go(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Finished> {
    return succeed(['go', ...args], { cwd, env: { ...this.#env, ...env }, timeout: LIMIT_MS });
  }
}
