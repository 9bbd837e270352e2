/** The same answer to HEAD. */
export async function withoutBody(answer: Response): Promise<Response> {
  const length = (await answer.arrayBuffer()).byteLength;
  const headers = new Headers(answer.headers);
  headers.set('content-length', String(length));
  return new Response(null, { status: answer.status, headers });
}
