import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../app.ts';
import { buildApp } from '../app.ts';
import { parseConfig } from '../config.ts';
import type { ResourceName } from '../core/iam.ts';
import type { RepositoryAddress, RepositoryRow } from '../core/repository.ts';
import { hashPassword } from '../iam/passwords.ts';
import type { Level, Log } from '../ops/log.ts';
import { DataDirectory } from '../stores/data-directory.ts';
import { AccountTables } from '../stores/metadata/account-tables.ts';
import { MetadataDatabase } from '../stores/metadata/database.ts';
import { changePolicy, grantRole } from '../stores/metadata/policy-tables.ts';
import { RepositoryTables } from '../stores/metadata/repository-directory.ts';
import { TokenTables } from '../stores/metadata/token-tables.ts';

export const ADMIN_PASSWORD = 'correct horse battery staple';
export const HOST = 'localhost:8080';
const START = Date.parse('2026-03-01T12:00:00.000Z');

/** In memory where that is possible: every commit is synced, and tests make many. */
const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
export const temporary = (): Promise<string> => mkdtemp(join(base, 'entrepot-test-'));

/** A clock that moves only when it is told to. */
export class Clock {
  #at = START;

  readonly now = (): number => this.#at;

  advance(milliseconds: number): void {
    this.#at += milliseconds;
  }
}

export interface Logged {
  readonly level: Level;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Content = string | Blob | URLSearchParams | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;

export interface Send {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Content;
  /** The `Authorization` header; `null` sends none. The admin's when nothing is said. */
  readonly as?: string | null;
  readonly host?: string;
  readonly peer?: string;
}

interface NewAccount {
  readonly password?: string;
  readonly disabled?: boolean;
}

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
/** A password, since a token would expire when a test moves the clock. */
const ADMIN = basic('admin', ADMIN_PASSWORD);

/** Most tests are about what is gone at once. */
const withoutTrash = (flags: readonly string[]): readonly string[] =>
  flags.includes('--trash-retention') ? [] : ['--trash-retention', '0s'];

/** The whole server but its socket, on a directory of its own, with an admin and the repository my-project/images. */
export class TestServer implements AsyncDisposable {
  readonly clock: Clock;
  /** What was logged, oldest first. */
  readonly logged: readonly Logged[];
  /** The server's tables through connections of our own: what another process, or an operator, would do. */
  readonly database: MetadataDatabase;
  readonly directory: DataDirectory;
  readonly accounts: AccountTables;
  readonly tokens: TokenTables;
  readonly app: App;

  constructor(parts: Pick<TestServer, 'clock' | 'logged' | 'database' | 'directory' | 'app'>) {
    this.clock = parts.clock;
    this.logged = parts.logged;
    this.database = parts.database;
    this.directory = parts.directory;
    this.app = parts.app;
    this.accounts = new AccountTables(parts.database, parts.clock.now);
    this.tokens = new TokenTables(parts.database, parts.clock.now);
  }

  /** `flags` are those of `entrepot serve`. */
  static async start(flags: readonly string[] = []): Promise<TestServer> {
    const clock = new Clock();
    const logged: Logged[] = [];
    const log: Log = {
      write: (level, message, fields = {}) => void logged.push({ level, message, fields }),
      flush: () => undefined,
    };
    const directory = new DataDirectory(await temporary());
    const config = parseConfig({
      argv: ['--data', directory.root, '--reserve', '0KiB', ...withoutTrash(flags), ...flags],
      env: {},
      readFile: () => '',
    });
    // Shared, since `database` below is another writer.
    const app = await buildApp({
      config,
      directory,
      log,
      now: clock.now,
      // What tests let pass is time, and no clock that was set.
      monotonic: clock.now,
      shared: true,
      adminPassword: ADMIN_PASSWORD,
    });
    const database = await MetadataDatabase.open(directory.database);
    const server = new TestServer({ clock, logged, database, directory, app });
    await server.repository('images');
    return server;
  }

  /** Sends a request the way the socket hands it over; what matters of the host is in its header. */
  send(method: string, path: string, { as, headers, body, host = HOST, peer }: Send = {}): Promise<Response> {
    const authorization = as === undefined ? ADMIN : as;
    const request = new Request(`http://any${path}`, {
      method,
      headers: { host, ...(authorization !== null && { authorization }), ...headers },
      ...(body !== undefined && { body }),
    });
    return this.answer(request, peer);
  }

  answer(request: Request, peer = '127.0.0.1'): Promise<Response> {
    return this.app.door.answer(request, { route: 'none', sent: 0 }, () => peer);
  }

  async accessToken(username: string, password: string): Promise<string> {
    const answer = await this.send('POST', '/token', {
      as: null,
      body: new URLSearchParams({ grant_type: 'password', username, password }),
    });
    if (!answer.ok) throw new Error(`no token for ${username}: ${await answer.text()}`);
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  /** An account with a role on some resources, and the `Authorization` of an access token of its. */
  async account(id: string, on: readonly ResourceName[] = [], account: NewAccount = {}): Promise<string> {
    const { password = `${id}'s password`, disabled = false } = account;
    await this.accounts.put({ id, kind: 'user', disabled, passwordHash: await hashPassword(password) });
    for (const resource of on) await this.grant(resource, 'roles/owner', `user:${id}`);
    return disabled ? basic(id, password) : `Bearer ${await this.accessToken(id, password)}`;
  }

  async grant(on: ResourceName, role: string, member: string): Promise<void> {
    await this.database.transaction((tx) => grantRole(tx, on, role, member));
  }

  /** A grant under a condition in CEL. */
  async grantIf(on: ResourceName, role: string, member: string, expression: string): Promise<void> {
    const binding = { role, members: [member], condition: { title: 'test', expression } };
    await this.database.transaction((tx) =>
      changePolicy(tx, on, ({ bindings, auditConfigs }) => ({
        bindings: [...bindings, binding],
        auditConfigs,
      })),
    );
  }

  /** A standard repository; for Docker, in us-central1 of my-project unless said otherwise. */
  async repository(
    name: string,
    { project = 'my-project', location = 'us-central1', format = 'DOCKER', immutableTags = false } = {},
  ): Promise<RepositoryRow> {
    const address: RepositoryAddress = { project, location, repository: name };
    const directory = new RepositoryTables(this.database, this.clock.now);
    await directory.ensureProject(project);
    const row = await directory.create(address, format);
    if (immutableTags)
      await this.database.transaction((tx) =>
        tx.updateTable('repository').set({ immutable_tags: 1 }).where('id', '=', row.id).execute(),
      );
    return row;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    await this.app[Symbol.asyncDispose]();
    this.directory[Symbol.dispose]();
    await rm(this.directory.root, { recursive: true });
  }
}
