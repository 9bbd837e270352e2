/** Works on all of them, a few at once. The first failure ends it, when what was begun is over. */
export async function atOnce<T>(
  all: readonly T[],
  most: number,
  work: (each: T) => Promise<void>,
): Promise<void> {
  const left = [...all];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined && failures.length === 0; next = left.shift())
      await work(next).catch((thrown: unknown) => void failures.push(thrown));
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
