import { messageOf } from './check.ts';

const PATIENCE_MS = 3_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** One GET, without following redirects. A sentence when there is no answer. */
export async function ask(url: string): Promise<Answer | string> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  } catch (error) {
    return messageOf(error);
  }
}
