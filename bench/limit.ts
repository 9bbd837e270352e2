/** After its time is over, work gets this long to end what it started. */
const GRACE_MS = 25_000;

/**
 * Does `work` for at most `limitMs`. The signal it gets is aborted then, or with `outer`; it fails with a sentence
 * about its time, also when it does not notice.
 */
export async function within<T>(
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  graceMs = GRACE_MS,
): Promise<T> {
  const late = new AbortController();
  const overdue = Promise.withResolvers<never>();
  const complaint = () => new Error(`it was not done after ${Math.round(limitMs / 1000)} s`);
  let grace: Timer | undefined;
  const timer = setTimeout(() => {
    late.abort();
    grace = setTimeout(() => overdue.reject(complaint()), graceMs);
  }, limitMs);
  try {
    return await Promise.race([work(AbortSignal.any([outer, late.signal])), overdue.promise]);
  } catch (cause) {
    if (late.signal.aborted && !outer.aborted) throw new Error(complaint().message, { cause });
    throw cause;
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
  }
}
