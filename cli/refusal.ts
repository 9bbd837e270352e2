/** A 4xx answer does not get better by asking again. */
export const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  'status' in thrown &&
  typeof thrown.status === 'number' &&
  thrown.status >= 400 &&
  thrown.status < 500;
