import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENTREPOT, type GoClientKind, type GoStage } from './go-client.ts';

const PROGRAMS = ['go', 'openssl'] as const;

/** The go command, which finds its credentials in .netrc. */
export const goNetrc: GoClientKind = {
  name: 'go with .netrc',
  programs: PROGRAMS,
  async login({ directory, url, token }: GoStage) {
    const file = join(directory, '.netrc');
    await writeFile(file, `machine ${new URL(url).host} login oauth2accesstoken password ${token}\n`, {
      mode: 0o600,
    });
    return { NETRC: file, GOAUTH: 'netrc' };
  },
};

/** The go command, which asks the command line of ours for credentials. */
export const goAuth: GoClientKind = {
  name: 'go with GOAUTH',
  programs: PROGRAMS,
  async login({ directory, url, token }: GoStage) {
    const { origin } = new URL(url);
    const program = join(directory, 'credentials');
    const command = [...ENTREPOT, 'artifacts', 'go', 'auth', `--server=${origin}`]
      .map((word) => `'${word}'`)
      .join(' ');
    await writeFile(program, `#!/bin/sh\nENTREPOT_ACCESS_TOKEN='${token}' exec ${command}\n`);
    await chmod(program, 0o700);
    return { GOAUTH: program };
  },
};
