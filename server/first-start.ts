import type { AccountStore } from './core/accounts.ts';
import { hashPassword } from './iam/passwords.ts';

interface FirstStartOptions {
  readonly accounts: AccountStore;
  /** Makes a member an owner of the installation. */
  readonly own: (member: string) => Promise<unknown>;
  /** Makes a project that is not there. */
  readonly project: (id: string) => Promise<void>;
  /** What the operator chose, if anything. */
  readonly password?: string;
  readonly random: (bytes: number) => Uint8Array;
  /** Keeps a made-up password where only the operator can read it. */
  readonly keep: (password: string) => void;
}

/** The password that was made up, on a first start without one. */
export interface FirstStart {
  readonly madeUpPassword?: string;
}

/** An installation without accounts gets `admin`, its owner, and the project `my-project` (product.md 1). */
export async function firstStart(options: FirstStartOptions): Promise<FirstStart> {
  const { accounts, own, project, password, random, keep } = options;
  if ((await accounts.count()) > 0) return {};
  const made = password === undefined ? Buffer.from(random(18)).toString('base64url') : undefined;
  const hashing = hashPassword(made ?? password ?? '');
  await project('my-project');
  await own('user:admin');
  if (made !== undefined) keep(made);
  // Last, since it is what tells a first start from a second.
  await accounts.put({
    id: 'admin',
    kind: 'user',
    passwordHash: await hashing,
  });
  return made === undefined ? {} : { madeUpPassword: made };
}
