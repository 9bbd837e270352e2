import { RegistryError } from '../core/error.ts';

/** Does `work`, and takes back what was stored for it when it is refused: only of a refusal is known that it changed nothing. */
export async function orAbandon<T>(
  repo: { abandon(): Promise<unknown> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RegistryError && error.status < 500) await repo.abandon().catch(() => undefined);
    throw error;
  }
}
