import { readFileSync } from 'node:fs';
import { type Check, ok, warn } from './check.ts';

/** Each connection and each open upload takes one. */
const ENOUGH = 4_096;

export const descriptors: Check = {
  name: 'file descriptors',
  run({ pid }) {
    const ofServer = pid === undefined ? undefined : fromProc(`/proc/${pid}/limits`);
    const limit = ofServer ?? fromProc('/proc/self/limits') ?? fromShell();
    const whose = ofServer === undefined ? 'a server started from here' : 'the running server';
    if (limit === undefined) return ok('this system does not tell how many are allowed');
    return limit < ENOUGH
      ? warn(`${whose} may open ${limit}`, 'ulimit -n 65536, or LimitNOFILE=65536 in its systemd unit')
      : ok(`${whose} may open ${limit === Infinity ? 'any number' : limit}`);
  },
};

const parse = (text: string | undefined): number | undefined =>
  text === 'unlimited' ? Infinity : /^\d+$/.test(text ?? '') ? Number(text) : undefined;

function fromProc(path: string): number | undefined {
  try {
    return parse(/^Max open files\s+(\S+)/m.exec(readFileSync(path, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function fromShell(): number | undefined {
  const { stdout } = Bun.spawnSync(['sh', '-c', 'ulimit -n'], { stderr: 'ignore' });
  return parse(stdout.toString().trim());
}
