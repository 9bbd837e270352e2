import type { Client, Operation } from '../contract/client.ts';
import { accessToken, type Minted } from './settings/token.ts';
import { usage } from './exit.ts';
import type { Globals } from './grammar/global-flags.ts';
import type { Io } from './io.ts';
import type { PushedDown } from './output/pushed-down.ts';
import { filesOf } from './settings/files.ts';
import { Logins } from './settings/logins.ts';
import { Properties, type PropertyName } from './settings/properties.ts';
import { DEFAULT_SERVER, serverAddress } from './settings/server.ts';
import { Terminal } from './terminal.ts';

/** What a command may use: who it acts as, where, and how it talks to the person. */
export class Cli {
  readonly io: Io;
  readonly globals: Globals;
  readonly pushed: PushedDown;
  readonly properties: Properties;
  readonly logins: Logins;
  readonly terminal: Terminal;
  /** Tokens that were got for this command alone, by what they are for. */
  readonly minted = new Map<string, Minted>();

  constructor(io: Io, globals: Globals, pushed: PushedDown = {}) {
    const files = filesOf(io);
    this.io = io;
    this.globals = globals;
    this.pushed = pushed;
    this.properties = new Properties(files.settings, io.env);
    this.logins = new Logins(files.logins);
    this.terminal = new Terminal(io, globals, this.properties);
  }

  async server(): Promise<string> {
    const { server } = this.globals;
    return server === undefined ? this.usualServer() : serverAddress(server);
  }

  /** The server without --server. */
  async usualServer(): Promise<string> {
    return serverAddress((await this.properties.get('core/server')) ?? DEFAULT_SERVER);
  }

  project(): Promise<string> {
    return this.#needed('project', this.globals.project, 'core/project');
  }
  location(): Promise<string> {
    return this.#needed('location', this.globals.location, 'artifacts/location');
  }
  repository(): Promise<string> {
    return this.#needed('repository', this.globals.repository, 'artifacts/repository');
  }

  /** A client of the server, as the account of the token. */
  async client(): Promise<Client> {
    const { createClient } = await import('../contract/client.ts');
    const server = await this.server();
    return createClient({
      server,
      userAgent: 'entrepot-cli',
      token: () => accessToken(this, server),
      fetch: (request) => this.#send(request),
    });
  }

  /** Waits until an operation is done, showing that it waits. Its failure is thrown. */
  async settled(operation: Operation): Promise<NonNullable<Operation['response']>> {
    const client = await this.client();
    const waiting = this.terminal.progress(`Waiting for operation [${operation.name ?? ''}] to complete`);
    try {
      const response = await client.operations.wait(operation, { onPending: () => waiting.tick() });
      await waiting.end();
      return response;
    } catch (thrown) {
      await waiting.end('failed.');
      throw thrown;
    }
  }

  async #needed(flag: string, given: string | undefined, property: PropertyName): Promise<string> {
    const value = given ?? (await this.properties.get(property));
    if (value !== undefined && value !== '') return value;
    const short = property.replace('core/', '');
    throw usage(
      `no ${flag} is set; give --${flag}, or run "entrepot config set ${short} ${flag.toUpperCase()}"`,
    );
  }

  async #send(request: Request): Promise<Response> {
    const started = this.io.now();
    try {
      const response = await this.io.fetch(request);
      await this.terminal.debug(
        `${request.method} ${request.url} ${response.status} ${this.io.now() - started}ms`,
      );
      for (const warning of warningsIn(response.headers.get('warning'))) await this.terminal.warn(warning);
      return response;
    } catch (thrown) {
      await this.terminal.debug(`${request.method} ${request.url} ${String(thrown)}`);
      throw thrown;
    }
  }
}

/** The sentences of a `warning` header that are for whoever sent the request (RFC 7234, section 5.5: 299). */
const warningsIn = (header: string | null): readonly string[] =>
  [...(header ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replaceAll(/\\(.)/g, '$1'),
  );
