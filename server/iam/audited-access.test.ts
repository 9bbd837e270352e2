import { describe, expect, test } from 'bun:test';
import { ANONYMOUS, type Principal, type ResourceName } from '../core/iam.ts';
import type { AuditConfig, AuditLogType, Policy } from '../core/policy.ts';
import { AuditedAccess } from './audited-access.ts';

const ANN: Principal = { kind: 'user', id: 'ann', belongsTo: ['group:team'] };
const READ = { type: 'DATA_READ', service: 'a.googleapis.com', project: 'p', principal: ANN } as const;

const config = (
  service: string,
  logType: AuditLogType,
  exemptedMembers: readonly string[] = [],
): AuditConfig => ({
  service,
  logTypes: [{ logType, exemptedMembers }],
});

/** Policies that count how often they are read. */
function policies(audits: Readonly<Record<string, readonly AuditConfig[]>>) {
  let revision = 1;
  let reads = 0;
  const current = new Map(Object.entries(audits));
  return {
    revision: () => revision,
    customRole: () => undefined,
    policy: (on: ResourceName): Policy | undefined => {
      reads += 1;
      const auditConfigs = current.get(on);
      return auditConfigs && { bindings: [], auditConfigs, revision: 1 };
    },
    reads: () => reads,
    change: (on: ResourceName, configs: readonly AuditConfig[]) => {
      current.set(on, configs);
      revision += 1;
    },
  };
}
const wanted = (audits: Readonly<Record<string, readonly AuditConfig[]>>, access: object = {}): boolean =>
  new AuditedAccess(policies(audits)).wanted({ ...READ, ...access });

describe('an access is recorded', () => {
  const here = { 'projects/p': [config('a.googleapis.com', 'DATA_READ')] };
  test.each<readonly [string, boolean, Readonly<Record<string, readonly AuditConfig[]>>, object]>([
    ['where no policy says so', false, {}, {}],
    ['where the project’s policy does', true, here, {}],
    ['in another project', false, here, { project: 'q' }],
    ['of another type', false, here, { type: 'DATA_WRITE' }],
    ['of another service', false, here, { service: 'b.googleapis.com' }],
    ['of an anonymous caller', true, here, { principal: ANONYMOUS }],
    ['of all services', true, { 'projects/p': [config('allServices', 'DATA_READ')] }, {}],
    ['everywhere', true, { '/': [config('allServices', 'DATA_READ')] }, {}],
    ['at the installation itself', true, { '/': [config('allServices', 'DATA_READ')] }, { project: '' }],
    ['at the installation, for a project’s policy', false, here, { project: '' }],
    [
      'of an exempted member',
      false,
      { 'projects/p': [config('allServices', 'DATA_READ', ['user:ann'])] },
      {},
    ],
    [
      'of a member of an exempted group',
      false,
      { 'projects/p': [config('allServices', 'DATA_READ', ['group:team'])] },
      {},
    ],
    [
      'of someone else than those exempted',
      true,
      { 'projects/p': [config('allServices', 'DATA_READ', ['user:bob'])] },
      {},
    ],
    [
      'of one exempted for all services, though another configuration wants it',
      false,
      { '/': [config('allServices', 'DATA_READ', ['user:ann'])], ...here },
      {},
    ],
    [
      'of one exempted for another type only',
      true,
      { 'projects/p': [config('allServices', 'DATA_WRITE', ['user:ann']), ...here['projects/p']] },
      {},
    ],
  ])('%s: %p', (_, expected, audits, access) => {
    expect(wanted(audits, access)).toBe(expected);
  });

  test('as the policy is now, which is read once for as long as nothing changes', () => {
    const source = policies({});
    const access = new AuditedAccess(source);
    for (let time = 0; time < 10; time += 1) expect(access.wanted(READ)).toBe(false);
    expect(source.reads()).toBe(2);

    source.change('projects/p', [config('allServices', 'DATA_READ')]);
    expect(access.wanted(READ)).toBe(true);
    source.change('projects/p', []);
    expect(access.wanted(READ)).toBe(false);
  });
});
