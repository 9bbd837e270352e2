/** What `promise` fails with. Fails itself when `promise` does not. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it was expected to fail');
    },
    (failure: unknown) => failure,
  );
}
