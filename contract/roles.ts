import type { Role } from './schemas/role.ts';
import type { CallOptions, Transport } from './transport.ts';
import { getting, listing, type Named, patching } from './verbs.ts';

type RoleView = { readonly view?: 'BASIC' | 'FULL'; readonly showDeleted?: boolean };

/** Names are `roles/R`, `projects/P/roles/R` and `organizations/entrepot/roles/R`; the parent of the first is empty. */
export const rolesOf = (http: Transport) => ({
  ...getting<Role>(http),
  ...listing<Role, RoleView>(http, 'roles'),
  ...patching<Role>(http),
  create: (parent: string, roleId: string, role: Role, call: CallOptions = {}): Promise<Named<Role>> =>
    http.json({ method: 'POST', path: `${parent}/roles`, body: { roleId, role }, ...call }),
  delete: (name: string, call: CallOptions = {}): Promise<Named<Role>> =>
    http.json({ method: 'DELETE', path: name, ...call }),
  undelete: (name: string, call: CallOptions = {}): Promise<Named<Role>> =>
    http.json({ method: 'POST', path: name, verb: 'undelete', body: {}, ...call }),
  /** The names of all permissions that decide about a resource. */
  testablePermissions: async (
    fullResourceName: string,
    call: CallOptions = {},
  ): Promise<readonly string[]> => {
    const answer = await http.json<{ readonly permissions?: readonly { readonly name: string }[] }>({
      method: 'POST',
      path: 'permissions',
      verb: 'queryTestablePermissions',
      body: { fullResourceName, pageSize: 1000 },
      ...call,
    });
    return (answer.permissions ?? []).map(({ name }) => name);
  },
});
