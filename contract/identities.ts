import { escapeId } from './names.ts';
import type { Group, Membership } from './schemas/group.ts';
import type { Token } from './schemas/token.ts';
import type { Identity, User } from './schemas/user.ts';
import type { CallOptions, Transport } from './transport.ts';
import { getting, type ListOptions, listing, type Named, patching } from './verbs.ts';

export const userName = (id: string): string => `users/${escapeId(id)}`;
export const groupName = (id: string): string => `groups/${escapeId(id)}`;

const removing = (http: Transport) => ({
  delete: async (name: string, call: CallOptions = {}): Promise<void> => {
    await http.raw({ method: 'DELETE', path: name, ...call });
  },
});

/** Users, groups and tokens; names are `users/NAME`, `groups/NAME/memberships/ACCOUNT`, `users/NAME/tokens/ID`. */
export function identitiesOf(http: Transport) {
  const users = listing<User>(http, 'users');
  const groups = listing<Group>(http, 'groups');
  const made = <T>(path: string, body: T, call: CallOptions, query = {}): Promise<Named<T>> =>
    http.json({ method: 'POST', path, query, body, ...call });
  const switched = (name: string, verb: string, call: CallOptions): Promise<Named<User>> =>
    http.json({ method: 'POST', path: name, verb, body: {}, ...call });

  return {
    users: {
      ...getting<User>(http),
      ...patching<User>(http),
      ...removing(http),
      create: (userId: string, user: User, call: CallOptions = {}) => made('users', user, call, { userId }),
      list: (wanted: ListOptions = {}) => users.list('', wanted),
      disable: (name: string, call: CallOptions = {}) => switched(name, 'disable', call),
      enable: (name: string, call: CallOptions = {}) => switched(name, 'enable', call),
      /** `currentPassword` is the caller's own, when it is its own that it changes. */
      setPassword: async (
        name: string,
        request: { readonly password: string; readonly currentPassword?: string },
        call: CallOptions = {},
      ): Promise<void> => {
        await http.raw({ method: 'POST', path: name, verb: 'setPassword', body: request, ...call });
      },
      removePassword: (name: string, call: CallOptions = {}) => switched(name, 'removePassword', call),
      /** Who the caller is. */
      me: (call: CallOptions = {}): Promise<Identity> =>
        http.json({ method: 'GET', path: 'users/me', ...call }),
    },

    groups: {
      ...getting<Group>(http),
      ...patching<Group>(http),
      ...removing(http),
      create: (groupId: string, group: Group, call: CallOptions = {}) =>
        made('groups', group, call, { groupId }),
      list: (wanted: ListOptions = {}) => groups.list('', wanted),
    },

    memberships: {
      ...listing<Membership>(http, 'memberships'),
      ...removing(http),
      create: (parent: string, member: string, call: CallOptions = {}) =>
        made<Membership>(`${parent}/memberships`, { member }, call),
    },

    tokens: {
      ...listing<Token>(http, 'tokens'),
      ...removing(http),
      /** Of the caller's own. The answer alone has the secret. */
      create: (token: Token, call: CallOptions = {}) => made('users/me/tokens', token, call),
    },
  };
}
