import { accessSync, constants, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type Check, codeOf, fail, type Finding, messageOf, ok, warn } from './check.ts';
import { lookAt } from './look-at.ts';

const GROUP_AND_OTHERS = 0o077;

/** Whether the directory is there, ours, and takes writes. One that is not there yet is only told of. */
export const dataDirectory: Check = {
  name: 'data directory',
  run({ paths: { root } }) {
    let found: Stats | undefined;
    try {
      found = lookAt(root);
    } catch (error) {
      return fail(
        `${root} cannot be looked at: ${messageOf(error)}`,
        'run this as the user that the server runs as',
      );
    }
    if (found === undefined) return absent(root);
    if (!found.isDirectory()) return fail(`${root} is not a directory`, 'name another with --data');
    const stranger = otherThanUs(found.uid);
    if (stranger !== undefined)
      return fail(
        `${root} belongs to user ${found.uid}, this is user ${stranger}`,
        'run the server, and this, as the owner of the directory',
      );
    const refusal = refusalToWrite(root);
    if (refusal === undefined) return ok(`${root}, of user ${found.uid}`);
    return refusal === 'EROFS'
      ? fail(
          `${root} is on a file system that takes no writes`,
          'mount it for writing; see dmesg for why it is not',
        )
      : fail(`${root} takes no writes from this user (${refusal})`, `chmod u+rwx ${root}`);
  },
};

/** Nobody but the server's user has anything to do in there. */
export const permissions: Check = {
  name: 'permissions',
  needs: ['directory'],
  run({ paths }) {
    const { root, keys, database, blobs, signingKey, initialPassword, lock } = paths;
    const secrets = [signingKey, initialPassword];
    const all = [root, keys, blobs, lock, database, `${database}-wal`, `${database}-shm`, ...secrets];
    const found = all.flatMap((path) => {
      const stats = lookAt(path);
      return stats ? [{ path, stats }] : [];
    });
    const owner = found[0]?.stats.uid;
    const foreign = found.find(({ stats }) => stats.uid !== owner);
    if (foreign)
      return fail(
        `${foreign.path} belongs to user ${foreign.stats.uid}, the directory to user ${owner}`,
        `chown -R ${owner} ${root}`,
      );
    const loose = found.filter(({ stats }) => (stats.mode & GROUP_AND_OTHERS) !== 0);
    const [first] = loose;
    if (first === undefined) return ok('nobody but its owner looks inside');
    const open = loose.some(({ path }) => path === root || path === keys);
    const secret = loose.find(({ path }) => secrets.includes(path));
    const mode = (first.stats.mode & 0o777).toString(8).padStart(4, '0');
    return open && secret
      ? fail(`other users can read ${secret.path}`, `chmod -R go= ${root}, and replace what was readable`)
      : warn(`${first.path} has mode ${mode}`, `chmod -R go= ${root}`);
  },
};

function absent(root: string): Finding {
  let parent = dirname(root);
  while (lookAt(parent) === undefined && parent !== dirname(parent)) parent = dirname(parent);
  const refusal = refusalToWrite(parent);
  return refusal === undefined
    ? ok(`${root} is not there yet; entrepot serve makes it when it first starts`)
    : fail(`${root} is not there and cannot be made in ${parent} (${refusal})`, 'name another with --data');
}

/** Our user id where it is neither the owner's nor one that may do anything. */
function otherThanUs(owner: number): number | undefined {
  const us = process.getuid?.();
  return us === undefined || us === 0 || us === owner ? undefined : us;
}

function refusalToWrite(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
