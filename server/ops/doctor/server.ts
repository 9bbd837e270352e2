import { ask } from './ask.ts';
import { type Check, fail, ok } from './check.ts';

/** Whether a server runs on this directory, and what it says of itself. */
export const server: Check = {
  name: 'server',
  needs: ['directory'],
  async run({ running, pid, settings }) {
    if (!running) return ok('none is running on this directory');
    const who = pid === undefined ? 'one is running' : `process ${pid} is running`;
    const { hostname, port } = settings.listen;
    if (port === 0) return ok(who);
    const scheme = settings.tlsCert === undefined ? 'http' : 'https';
    const host = hostname === '0.0.0.0' ? '127.0.0.1' : hostname === '::' ? '[::1]' : hostname;
    const url = `${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}/readyz`;
    const answer = await ask(url);
    if (typeof answer === 'string')
      return ok(
        `${who}; ${url} was not reached, so it listens elsewhere or its certificate is for another name`,
      );
    return answer.status === 200
      ? ok(`${who}; ${url} says ${answer.text.trim()}`)
      : fail(`${who}; ${url} answers ${answer.status}: ${answer.text.trim()}`, 'see the log of the server');
  },
};
