import { ADMIN_PASSWORD, HOST, TestServer } from '../../server/testing/harness.ts';
import type { Io } from '../io.ts';
import { Person, type Script } from './scripted-io.ts';

/** A registry in this process, and the people who use it from the command line. */
export class TestRegistry implements AsyncDisposable {
  readonly server: TestServer;
  /** Paths that were asked for, oldest first. */
  readonly asked: string[] = [];
  readonly #script: Script;
  readonly #people: Person[] = [];

  private constructor(server: TestServer, script: Script) {
    this.server = server;
    this.#script = script;
  }

  /** `script` is that of everyone who arrives, `flags` those of `entrepot serve`. */
  static async start(script: Script = {}, flags: readonly string[] = []): Promise<TestRegistry> {
    return new TestRegistry(await TestServer.start(flags), script);
  }

  readonly fetch: Io['fetch'] = (request) => {
    const headers = new Headers(request.headers);
    headers.set('host', HOST);
    this.asked.push(new URL(request.url).pathname);
    return this.server.answer(new Request(request, { headers }));
  };

  /** Somebody who is not logged in. */
  async arrive(script: Script = {}): Promise<Person> {
    const { fetch, server } = this;
    const person = await Person.arrive({ fetch, now: server.clock.now, ...this.#script, ...script });
    this.#people.push(person);
    return person;
  }

  /** Somebody who is logged in, to an account made by `TestServer.account` unless a password is given. */
  async login(user: string, password = `${user}'s password`): Promise<Person> {
    const person = await this.arrive();
    await person.done(`auth login --username=${user} --password-stdin`, { input: password });
    return person;
  }

  admin(): Promise<Person> {
    return this.login('admin', ADMIN_PASSWORD);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const person of this.#people) await person[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
