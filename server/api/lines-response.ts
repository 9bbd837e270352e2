/** One JSON value to a line (github.com/ndjson/ndjson-spec), made as fast as the client takes them. */
export function linesResponse(values: AsyncIterable<object>): Response {
  const lines = values[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await lines.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
    },
    async cancel() {
      await lines.return?.();
    },
  });
  return new Response(body, {
    headers: {
      'content-type': 'application/x-ndjson',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    },
  });
}
