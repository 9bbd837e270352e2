/** What work comes to within so many milliseconds. What is late goes on, and whoever began it hears of its failure. */
export async function inTime<T>(working: Promise<T>, patienceMs: number): Promise<T | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(late.resolve, patienceMs, 'late');
  try {
    return await Promise.race([working, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
