const PAUSE_MS = 10;
/** So long that no machine is too slow for it; what never comes fails all the same. */
const LIMIT_MS = 60_000;

/** Asks until the answer is yes. Fails when it does not come. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await Bun.sleep(PAUSE_MS);
  }
}
