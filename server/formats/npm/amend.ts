import type { Command } from '../../core/format.ts';
import { fromAttributes, toAttributes } from './attributes.ts';
import { packageUnknown } from './revision.ts';
import type { SentChange } from './sent-change.ts';

/** Says of versions that nobody should use them, and why; an empty text takes it back. */
export async function deprecate(
  { repo, rights }: Command,
  pkg: string,
  messages: ReadonlyMap<string, string>,
): Promise<void> {
  for (const version of messages.keys())
    await rights.require('artifactregistry.repositories.uploadArtifacts', { package: pkg, version });
  for (const [version, message] of messages)
    await repo.amend(pkg, version, (attributes) => {
      const { deprecated: _before, ...kept } = fromAttributes(attributes);
      return toAttributes(message === '' ? kept : { ...kept, deprecated: message });
    });
}

type OfPeople = Extract<SentChange, { kind: 'star' | 'owner' }>;

/** Keeps what clients say of people. It is shown, and gives nobody any right. */
export async function changePeople({ repo }: Command, pkg: string, change: OfPeople): Promise<void> {
  if (!(await repo.hasPackage(pkg))) throw packageUnknown(pkg);
  const said = change.kind === 'star' ? { users: change.users } : { maintainers: change.maintainers };
  await repo.describe(pkg, (before) => ({ ...before, ...said }));
}
