import { afterAll, beforeAll, describe, test } from 'bun:test';
import { type Server, startServer } from '../harness/server.ts';
import { Wire } from './wire.ts';

/** Two image names that no other row uses, in different repositories of one server. */
export interface Ground {
  readonly image: Wire;
  readonly other: Wire;
  readonly host: string;
  readonly credentials: { readonly username: string; readonly password: string };
  readonly accessToken: string;
}

/** One requirement: how strongly the spec asks for it, in our words, and the requests that show it. */
export interface Row {
  /** `ours` is where the spec leaves a choice and clients depend on the one we made. */
  readonly level: 'MUST' | 'SHOULD' | 'MAY' | 'ours';
  readonly says: string;
  readonly run: (ground: Ground) => Promise<void>;
}

const LIMIT_MS = 120_000;

/** Runs every row against one server. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
export function conformanceTable(category: string, rows: readonly Row[]): void {
  describe(category, () => {
    let server: Server;
    let serial = 0;

    beforeAll(async () => {
      server = await startServer();
      await server.createDockerRepository('one');
      await server.createDockerRepository('two');
    }, LIMIT_MS);
    afterAll(() => server.stop(), LIMIT_MS);

    const wire = (repository: string): Wire => {
      const { host, username, password } = server;
      const name = `${server.repositoryPath(repository)}/conformance/row-${serial}`;
      return new Wire({ host, username, password, name });
    };

    for (const { level, says, run } of rows)
      test(
        `${level}: ${says}`,
        async () => {
          serial += 1;
          const { host, username, password } = server;
          const accessToken = await server.accessToken();
          const credentials = { username, password };
          await run({ image: wire('one'), other: wire('two'), host, credentials, accessToken });
        },
        LIMIT_MS,
      );
  });
}
