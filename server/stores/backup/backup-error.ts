/** Why a backup cannot be made, trusted or restored: a sentence for the operator. */
export class BackupError extends Error {}

/** The system's word for a failure, such as ENOENT. */
export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
