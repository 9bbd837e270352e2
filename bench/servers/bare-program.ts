import { readFileSync } from 'node:fs';
import type { BareAnswer } from './bare.ts';

const answer = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as BareAnswer;
const body = new TextEncoder().encode(answer.body);
const { headers } = answer;

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: () => new Response(body, { headers }),
});
process.stdout.write(`listening on http://127.0.0.1:${server.port}\n`);
