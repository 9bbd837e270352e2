import { createSign } from 'node:crypto';
import { TestIssuer } from '../../server/testing/issuer.ts';
import type { Server } from './server.ts';
import { UnexpectedAnswer } from './server.ts';
import { until } from './until.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A service account's key file (cloud.google.com/iam/docs/keys-create-delete). */
export interface KeyFile {
  readonly client_email: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly token_uri: string;
}

/** An access token for an identity of elsewhere, and what vouches for it. */
interface Federated {
  readonly token: string;
  /** How bindings name it. */
  readonly member: string;
  readonly pool: string;
  readonly provider: string;
}

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: { readonly title: string; readonly expression: string };
}
interface Policy {
  readonly etag: string;
  readonly bindings?: readonly Binding[];
}

const PROJECT = 'projects/my-project';
let made = 0;
const fresh = (word: string): string => `${word}-${(made += 1)}-${crypto.randomUUID().slice(0, 6)}`;

/** Everybody whom a test needs, made by the administrator through the management API. */
export class Identities {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Name of a repository of this server, as policies and the API call it. */
  readonly repository = (id: string): string => `${PROJECT}/locations/us-central1/repositories/${id}`;

  /** A new user with a password. */
  async user(): Promise<Login> {
    const login = { username: fresh('user'), password: `secret-${crypto.randomUUID()}` };
    await this.#server.api('POST', `users?userId=${login.username}`, { password: login.password });
    return login;
  }

  /** A new service account; answers its e-mail. */
  async serviceAccount(): Promise<string> {
    const body = { accountId: fresh('sa'), serviceAccount: { displayName: 'made by a test' } };
    const { email } = (await this.#server.api('POST', `${PROJECT}/serviceAccounts`, body)) as {
      readonly email: string;
    };
    return email;
  }

  /** The text of a new key file. */
  async keyFile(email: string): Promise<string> {
    const { privateKeyData } = (await this.#server.api('POST', `${account(email)}/keys`, {})) as {
      readonly privateKeyData: string;
    };
    return Buffer.from(privateKeyData, 'base64').toString();
  }

  /** An access token for a key file (RFC 7523), from the endpoint that the file names. */
  async keyFileToken(file: string): Promise<string> {
    const { token_uri: audience } = JSON.parse(file) as KeyFile;
    const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const scope = 'https://www.googleapis.com/auth/cloud-platform';
    return this.#token({ grant_type: grant, assertion: signed(file, { aud: audience, scope }) });
  }

  /** A JWT that a key file's owner signs for themselves, for use without asking anybody (google.aip.dev/auth/4111). */
  selfSigned(file: string): string {
    return signed(file, { sub: (JSON.parse(file) as KeyFile).client_email, aud: `${this.#server.url}/` });
  }

  /** `verb` is `:disable` or `:enable`, or nothing to delete it. */
  async changeKey(file: string, verb: ':disable' | ':enable' | 'DELETE'): Promise<void> {
    const { client_email: email, private_key_id: id } = JSON.parse(file) as KeyFile;
    const name = `${account(email)}/keys/${id}`;
    if (verb === 'DELETE') await this.#server.api('DELETE', name);
    else await this.#server.api('POST', `${name}${verb}`, {});
  }

  async setServiceAccount(email: string, verb: 'disable' | 'enable'): Promise<void> {
    await this.#server.api('POST', `${account(email)}:${verb}`, {});
  }

  async setUser({ username }: Login, verb: 'disable' | 'enable'): Promise<void> {
    await this.#server.api('POST', `users/${username}:${verb}`, {});
  }

  async setPassword({ username }: Login, password: string): Promise<void> {
    await this.#server.api('POST', `users/${username}:setPassword`, { password });
  }

  /** An access token, as a log-in gets it. */
  async accessToken({ username, password }: Login): Promise<string> {
    return this.#token({ grant_type: 'password', username, password });
  }

  async #token(fields: Readonly<Record<string, string>>): Promise<string> {
    const url = `${this.#server.url}/token`;
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
    const text = await answer.text();
    if (!answer.ok) throw new UnexpectedAnswer('POST', url, answer.status, text);
    return (JSON.parse(text) as { readonly access_token: string }).access_token;
  }

  /** A personal token that may do what its owner may; `ttl` like `3600s`. */
  async personalToken(
    owner: Login,
    ttl = '3600s',
  ): Promise<{ readonly name: string; readonly token: string }> {
    const url = `${this.#server.url}/v1/users/me/tokens`;
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await this.accessToken(owner)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ displayName: 'made by a test', ttl, scope: { actions: ['ADMIN'] } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new UnexpectedAnswer('POST', url, answer.status, text);
    return JSON.parse(text) as { readonly name: string; readonly token: string };
  }

  /** RFC 7009: what a client does to a token that it wants no more. */
  async revoke(token: string): Promise<void> {
    const url = `${this.#server.url}/revoke`;
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ token }) });
    if (!answer.ok) throw new UnexpectedAnswer('POST', url, answer.status, await answer.text());
  }

  /** Resolves when the server takes a token no more that is about to expire. */
  expired(token: string): Promise<void> {
    return until('the token has expired', async () => {
      const answer = await fetch(`${this.#server.url}/v2/`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return answer.status === 401;
    });
  }

  /** Somebody whom an identity provider in a pool of its own vouches for. */
  async federated(): Promise<Federated> {
    const id = fresh('pool');
    const issuer = await TestIssuer.make(`https://${id}.example.com`);
    const pool = `${PROJECT}/locations/global/workloadIdentityPools/${id}`;
    const provider = `${pool}/providers/main`;
    await this.#server.api('POST', `${pool.replace(`/${id}`, '')}?workloadIdentityPoolId=${id}`, {});
    await this.#server.api('POST', `${pool}/providers?workloadIdentityPoolProviderId=main`, {
      attributeMapping: { 'google.subject': 'assertion.sub' },
      oidc: {
        issuerUri: `https://${id}.example.com`,
        jwksJson: await issuer.keySet(),
        allowedAudiences: [id],
      },
    });
    const { projectNumber } = (await this.#server.api('GET', PROJECT)) as { readonly projectNumber: string };
    const now = Math.floor(Date.now() / 1000);
    const token = await this.#token({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: `//iam.googleapis.com/${provider.replace('my-project', projectNumber)}`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      subject_token: await issuer.sign({ sub: 'a-build', aud: id, iat: now, exp: now + 300 }),
    });
    const member = `principal://iam.googleapis.com/${pool.replace('my-project', projectNumber)}/subject/a-build`;
    return { token, member, pool, provider };
  }

  async disable(resource: string): Promise<void> {
    await this.#server.api('PATCH', `${resource}?updateMask=disabled`, { disabled: true });
  }

  async delete(resource: string): Promise<void> {
    await this.#server.api('DELETE', resource);
  }

  /** A new group; answers its name. */
  async group(): Promise<string> {
    const id = fresh('group');
    await this.#server.api('POST', `groups?groupId=${id}`, {});
    return id;
  }

  async join(group: string, { username }: Login): Promise<void> {
    await this.#server.api('POST', `groups/${group}/memberships`, { member: `user:${username}` });
  }

  async leave(group: string, { username }: Login): Promise<void> {
    await this.#server.api('DELETE', `groups/${group}/memberships/${username}`);
  }

  /** A new role of the project; answers its name. */
  async customRole(permissions: readonly string[]): Promise<string> {
    const body = {
      roleId: `role_${(made += 1)}`,
      role: { title: 'made by a test', includedPermissions: permissions },
    };
    const { name } = (await this.#server.api('POST', `${PROJECT}/roles`, body)) as { readonly name: string };
    return name;
  }

  async deleteUser({ username }: Login): Promise<void> {
    await this.#server.api('DELETE', `users/${username}`);
  }

  async setRole(name: string, permissions: readonly string[]): Promise<void> {
    await this.#server.api('PATCH', `${name}?updateMask=includedPermissions`, {
      includedPermissions: permissions,
    });
  }

  /** Adds a binding without a condition to what is there. */
  grant(on: string, role: string, member: string): Promise<void> {
    return this.#change(on, (bindings) => [...bindings, { role, members: [member] }]);
  }

  /** Takes a member out of every binding of a role. */
  withdraw(on: string, role: string, member: string): Promise<void> {
    return this.#change(on, (bindings) =>
      bindings.map((binding) =>
        binding.role === role
          ? { ...binding, members: binding.members.filter((other) => other !== member) }
          : binding,
      ),
    );
  }

  async #change(on: string, change: (bindings: readonly Binding[]) => readonly Binding[]): Promise<void> {
    const current = (await this.#server.api('POST', `${on}:getIamPolicy`, {})) as Policy;
    const bindings = change(current.bindings ?? []).filter(({ members }) => members.length > 0);
    await this.#server.api('POST', `${on}:setIamPolicy`, { policy: { etag: current.etag, bindings } });
  }
}

const account = (email: string): string => `${PROJECT}/serviceAccounts/${email}`;

/** RS256 with the file's key, good for an hour. */
function signed(file: string, claims: Readonly<Record<string, unknown>>): string {
  const { client_email: iss, private_key_id: kid, private_key: key } = JSON.parse(file) as KeyFile;
  const iat = Math.floor(Date.now() / 1000);
  const segments = [
    { alg: 'RS256', typ: 'JWT', kid },
    { iss, iat, exp: iat + 3600, ...claims },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = createSign('RSA-SHA256').update(segments.join('.')).sign(key, 'base64url');
  return [...segments, signature].join('.');
}
