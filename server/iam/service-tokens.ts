import type { ServiceTokens } from '../core/format.ts';
import type { Bearer } from '../core/iam.ts';
import type { Authenticator } from './authenticator.ts';
import type { Tokens } from './tokens.ts';

interface Parts {
  readonly tokens: Tokens;
  readonly authenticator: Authenticator;
}

/** Registry tokens for one caller. An anonymous one gets one too: public repositories are read with it. */
export function serviceTokens(
  parts: Parts,
  caller: { readonly bearer?: Bearer | undefined },
  peer: string,
): ServiceTokens {
  return {
    registryToken: () => parts.tokens.issueRegistry(caller.bearer),
    login: async (username, password) =>
      serviceTokens(parts, await parts.authenticator.login(username, password, peer), peer),
  };
}
