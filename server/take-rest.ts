/**
 * Takes and forgets what a refused request still sends, where its connection ends with the answer. The runtime closes such a
 * connection at once, which resets it while the client still sends: that client says "broken pipe" instead of what it was refused
 * for (RFC 9112 section 9.6). Of connections that stay open the runtime takes the rest itself.
 */
export async function takeRest(request: Request): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD' || !endsWithAnswer(request.headers)) return;
  const { body } = request;
  if (!body || body.locked) return;
  try {
    for await (const _ of body);
  } catch {
    // The client is gone, and hears nothing anyway.
  }
}

const endsWithAnswer = (headers: Headers): boolean =>
  /(?:^|,)\s*close\s*(?:,|$)/i.test(headers.get('connection') ?? '');
