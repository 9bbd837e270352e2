import { afterAll, beforeAll, describe } from 'bun:test';
import { egressThrough } from './egress.ts';
import { describeWith } from './needs.ts';
import { Relay } from './relay.ts';
import { type Scratch, scratch } from './scratch.ts';
import { type Server, startServer } from './server.ts';

/** For everything that an application needs, from far away. */
export const PUBLIC_LIMIT_MS = 600_000;

interface PublicCache<Caches> {
  /** Of whose registry it is: `the public npm registry`. */
  readonly registry: string;
  /** Why that cannot be asked from this machine. */
  readonly missing: string | undefined;
  /** What the clients are. */
  readonly programs: readonly string[];
  /** Makes what is tested in a server whose only way out can be cut; what has to end before that server goes on the stack. */
  readonly open: (server: Server, stack: AsyncDisposableStack) => Promise<Caches>;
}

/** What such tests have, once they begin. */
interface Through<Caches> {
  readonly space: Scratch;
  readonly caches: Caches;
  /** Ends the way to the registry, for good. */
  readonly cut: () => void;
}

/** Tests of remote repositories of a registry that everybody uses; skipped, with the reason, where that cannot be reached. */
export function describePublicCache<Caches>(
  { registry, missing, programs, open }: PublicCache<Caches>,
  body: (through: () => Through<Caches>) => void,
): void {
  const name = `a remote repository of ${registry}`;
  const tests = (): void => {
    const stack = new AsyncDisposableStack();
    let through: Through<Caches> | undefined;
    beforeAll(async () => {
      const space = stack.use(await scratch('public'));
      const way = stack.use(await Relay.proxy());
      const server = stack.use(await startServer({ flags: egressThrough(way) }));
      through = { space, caches: await open(server, stack), cut: () => way.cut() };
    }, PUBLIC_LIMIT_MS);
    afterAll(() => stack.disposeAsync(), PUBLIC_LIMIT_MS);
    body(() => {
      if (!through) throw new Error('it is there when the tests begin');
      return through;
    });
  };
  if (missing === undefined) return describeWith(name, programs, tests);
  console.warn(`skipped ${name}: it cannot be reached from here: ${missing}`);
  describe.skip(name, tests);
}
