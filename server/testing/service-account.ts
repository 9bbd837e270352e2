import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { ApiCaller, PROJECT } from './api.ts';
import type { TestServer } from './harness.ts';

interface KeyFileContent extends Readonly<Record<string, string>> {
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
}

type Claims = Readonly<Record<string, unknown>>;

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** A service account of my-project with a key, and what can be done with the key. */
export class TestServiceAccount {
  readonly server: TestServer;
  readonly file: KeyFileContent;
  readonly privateKey: KeyObject;

  private constructor(server: TestServer, file: KeyFileContent) {
    this.server = server;
    this.file = file;
    this.privateKey = createPrivateKey(file.private_key);
  }

  static async make(server: TestServer, accountId: string): Promise<TestServiceAccount> {
    const api = new ApiCaller(server);
    const { name } = await api.ok('POST', `${PROJECT}/serviceAccounts`, { accountId });
    return new TestServiceAccount(server, await newKey(api, name));
  }

  /** The same account with another key. */
  async withNewKey(): Promise<TestServiceAccount> {
    return new TestServiceAccount(this.server, await newKey(new ApiCaller(this.server), this.name));
  }

  get email(): string {
    return this.file.client_email;
  }
  get name(): string {
    return `${PROJECT}/serviceAccounts/${this.email}`;
  }
  get keyName(): string {
    return `${this.name}/keys/${this.file.private_key_id}`;
  }

  /** Seconds since the epoch, by the server's clock. */
  get now(): number {
    return Math.floor(this.server.clock.now() / 1000);
  }

  /** A JWT from this account, good but for what is said otherwise; `undefined` leaves a claim out. */
  sign(claims: Claims = {}, header: Claims = {}): Promise<string> {
    const usual = { iss: this.email, sub: this.email, iat: this.now, exp: this.now + 3600 };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: this.file.private_key_id, ...header })
      .sign(this.privateKey);
  }

  /** What the token endpoint answers to an assertion. */
  exchange(assertion: string): Promise<Response> {
    const body = new URLSearchParams({ grant_type: JWT_BEARER, assertion });
    return this.server.send('POST', '/token', { as: null, body });
  }

  /** The `Authorization` of an access token that was got with an assertion. */
  async authorization(claims: Claims = {}): Promise<string> {
    const answer = await this.exchange(await this.sign({ aud: 'http://localhost:8080/token', ...claims }));
    if (!answer.ok) throw new Error(await answer.text());
    return `Bearer ${((await answer.json()) as { access_token: string }).access_token}`;
  }
}

async function newKey(api: ApiCaller, account: string): Promise<KeyFileContent> {
  const { privateKeyData } = await api.ok('POST', `${account}/keys`, {});
  return JSON.parse(Buffer.from(privateKeyData, 'base64').toString()) as KeyFileContent;
}
