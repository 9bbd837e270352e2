import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from './backup-error.ts';
import { inSnapshot, isSnapshotId, LAYOUT, MANIFEST, MARKER, SNAPSHOTS } from './backup-names.ts';
import type { BackupTarget, Hold } from './backup-target.ts';
import { readThrough } from './copy-file.ts';
import { type Manifest, parseManifest } from './manifest.ts';

export interface Snapshot {
  readonly id: string;
  readonly manifest: Manifest;
}

/** The backups at one target, held by whoever works there. */
export class Backups implements AsyncDisposable {
  readonly target: BackupTarget;
  readonly #hold: Hold;

  private constructor(target: BackupTarget, held: Hold) {
    this.target = target;
    this.#hold = held;
  }

  /** Fails where there are no backups, or somebody writes. */
  static async open(target: BackupTarget): Promise<Backups> {
    await checkMarker(target);
    return new Backups(target, await target.hold('read'));
  }

  /** Begins where there is nothing yet, unless told otherwise, and clears away what interrupted backups left. */
  static async openToWrite(
    target: BackupTarget,
    { begin = true }: { readonly begin?: boolean } = {},
  ): Promise<Backups> {
    const begins = begin && !(await hasMarker(target));
    if (!begins) await checkMarker(target);
    const opened = new Backups(target, await target.hold('write'));
    try {
      await target.clear();
      if (begins) await opened.write(LAYOUT, MARKER);
      await opened.#clear();
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Whole snapshots, oldest first. One whose manifest is damaged makes this fail. */
  async snapshots(): Promise<readonly Snapshot[]> {
    const found: Snapshot[] = [];
    for (const id of await this.ids()) found.push({ id, manifest: await this.#manifest(id) });
    return found;
  }

  async ids(): Promise<readonly string[]> {
    const { whole } = await this.#names();
    return whole;
  }

  /** The one that is called so, or the newest. */
  async snapshot(id: string | undefined): Promise<Snapshot> {
    const { address } = this.target;
    const { whole, others } = await this.#names();
    const wanted = id ?? whole.at(-1);
    if (wanted === undefined) {
      const unfinished = others.at(-1);
      const because =
        unfinished === undefined ? '' : `; ${unfinished} has no manifest: it is not a whole backup`;
      throw new BackupError(`${address} holds no whole backup${because}`);
    }
    if (!whole.includes(wanted))
      throw new BackupError(
        `${address} has no backup ${wanted}; entrepot backup list ${address} shows those it has`,
      );
    return { id: wanted, manifest: await this.#manifest(wanted) };
  }

  /** From its first step on it is not a backup any more, whatever happens before all of it is gone. */
  async remove(id: string): Promise<void> {
    await this.target.remove(inSnapshot(id, MANIFEST));
    await this.target.settle();
    for (const { name } of await Array.fromAsync(this.target.list(inSnapshot(id, ''))))
      await this.target.remove(name);
    await this.target.settle();
  }

  /** Throws where somebody else may have written meanwhile. */
  checkHold(): Promise<void> {
    return this.#hold.check();
  }

  /** Stores a small text, durably. */
  async write(name: string, text: string): Promise<void> {
    await using folder = await this.target.scratch();
    const path = join(folder.path, 'text');
    await writeFile(path, text, { mode: 0o600 });
    await this.target.put(name, path, await readThrough(path));
    await this.target.settle();
  }

  async #manifest(id: string): Promise<Manifest> {
    return parseManifest(
      await readText(this.target, inSnapshot(id, MANIFEST)),
      `backup ${id} in ${this.target.address}`,
    );
  }

  async #names(): Promise<{ readonly whole: readonly string[]; readonly others: readonly string[] }> {
    const all = new Set<string>();
    const whole = new Set<string>();
    for await (const { name } of this.target.list(SNAPSHOTS)) {
      const id = name.slice(SNAPSHOTS.length).split('/')[0] ?? '';
      all.add(id);
      if (isSnapshotId(id) && name === inSnapshot(id, MANIFEST)) whole.add(id);
    }
    return { whole: [...whole].sort(), others: [...all].filter((id) => !whole.has(id)).sort() };
  }

  async #clear(): Promise<void> {
    const { others } = await this.#names();
    for (const id of others)
      for (const { name } of await Array.fromAsync(this.target.list(inSnapshot(id, ''))))
        await this.target.remove(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hold[Symbol.asyncDispose]();
  }
}

/** False where there is nothing at all; what is somebody else's is refused. */
async function hasMarker(target: BackupTarget): Promise<boolean> {
  if (await target.has(LAYOUT)) return true;
  for await (const _ of target.list())
    throw new BackupError(
      `${target.address} holds something else; give a directory or prefix that is empty or not there yet`,
    );
  return false;
}

async function checkMarker(target: BackupTarget): Promise<void> {
  if (!(await target.has(LAYOUT)))
    throw new BackupError(`${target.address} is not a directory of backups that entrepot made`);
  const marker = await readText(target, LAYOUT);
  if (marker !== MARKER)
    throw new BackupError(
      `${target.address} is laid out as ${JSON.stringify(marker.slice(0, 80).trim())}, which this version does not know; use the version of entrepot that made it, or a later one`,
    );
}

const LONGEST_TEXT = 64 * 1024 * 1024;

async function readText(target: BackupTarget, name: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  await target.read(name, (piece) => {
    size += piece.byteLength;
    if (size > LONGEST_TEXT) throw new BackupError(`${name} of ${target.address} is too long to be ours`);
    pieces.push(piece.slice());
  });
  return Buffer.concat(pieces).toString();
}
