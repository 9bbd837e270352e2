import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { RegistryError } from '../core/error.ts';
import type { SecretVersion } from '../lib/secret-version.ts';

const LARGEST = 64 * 1024;

/** Secrets as files of a directory that somebody else writes, as Kubernetes mounts them: PROJECT/SECRET/VERSION. */
export class SecretFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Read each time, so that a new secret needs no restart. Without the line break that editors end files with. */
  async read({ project, secret, version }: SecretVersion): Promise<string> {
    try {
      const home = await realpath(join(this.#root, project));
      const file = await realpath(join(home, secret, version));
      // Mounts are links inside themselves; what leads out of the project's directory is not its secret.
      if (!file.startsWith(home + sep)) throw new Error(`${file} is not in ${home}`);
      const { size } = await stat(file);
      if (size > LARGEST) throw new Error(`${file} is larger than ${LARGEST} bytes`);
      const text = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
      if (text === '') throw new Error(`${file} is empty`);
      return text;
    } catch (cause) {
      throw new RegistryError(
        'UNAVAILABLE',
        'UPSTREAM_REFUSED',
        `the secret projects/${project}/secrets/${secret}/versions/${version} cannot be read; the operator puts it into ` +
          `${project}/${secret}/${version} of the directory that --secrets names`,
        { cause },
      );
    }
  }
}
