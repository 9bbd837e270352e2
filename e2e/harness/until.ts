const PAUSE_MS = 10;
const LIMIT_MS = 10_000;

/** Asks until the answer is yes. Fails when it does not come. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await Bun.sleep(PAUSE_MS);
  }
}
