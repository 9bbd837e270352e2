import { expect, it } from 'bun:test';
import type { PolicyBinding } from '../../core/policy.ts';
import { temporaryDatabase } from '../../testing/temporary-database.ts';
import { forgetMember } from './forget-member.ts';
import { changePolicy, PolicyTables } from './policy-tables.ts';

const MEMBER = 'serviceAccount:ci@shop.example';
const GONE = `deleted:${MEMBER}?uid=123`;
const binding = (...members: readonly string[]): PolicyBinding => ({
  role: 'roles/artifactregistry.reader',
  members,
});

it('leaves in every policy a member that means nobody, and other policies alone', async () => {
  await using temporary = await temporaryDatabase();
  const { database } = temporary;
  const policies = new PolicyTables(database);
  const condition = { expression: 'true', title: 'always' };
  await database.transaction(async (tx) => {
    await changePolicy(tx, 'projects/shop', () => ({
      bindings: [binding('user:ann', MEMBER), { ...binding(MEMBER), condition }],
      auditConfigs: [],
    }));
    await changePolicy(tx, 'projects/other', () => ({
      bindings: [binding(`${MEMBER}.uk`, 'user:ci@shop.example')],
      auditConfigs: [],
    }));
    await changePolicy(tx, '/', () => ({
      bindings: [],
      auditConfigs: [
        { service: 'allServices', logTypes: [{ logType: 'DATA_READ', exemptedMembers: [MEMBER] }] },
      ],
    }));
  });
  const untouched = policies.policy('projects/other');
  const before = policies.revision();

  await database.transaction((tx) => forgetMember(tx, MEMBER, '123'));

  expect(policies.policy('projects/shop')?.bindings).toEqual([
    binding('user:ann', GONE),
    { ...binding(GONE), condition },
  ]);
  expect(policies.policy('/')?.auditConfigs[0]?.logTypes[0]?.exemptedMembers).toEqual([GONE]);
  expect(policies.policy('projects/other')).toEqual(untouched);
  expect(policies.revision()).toBeGreaterThan(before);
});
