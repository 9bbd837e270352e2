import type { Transaction } from 'kysely';
import type {
  BlobInfo,
  BlobStore,
  Body,
  ByteRange,
  ByteStream,
  CommittedBlob,
  WriteOptions,
} from '../../core/blob.ts';
import type {
  Attributes,
  CatalogReader,
  FileRef,
  HostedRepo,
  MayUntag,
  NewFile,
  PublishPlan,
  StoredFile,
  TagRow,
  Upload,
  VersionLink,
} from '../../core/catalog.ts';
import type { Sighting } from '../../core/copies.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import type { Page } from '../../core/page.ts';
import type { UploadSessions } from '../upload-sessions.ts';
import type { CopyEviction } from './copy-eviction.ts';
import { noteSighting } from './copy-tables.ts';
import { adoptBlob, type Surplus, unnamed } from './adopt-blob.ts';
import type { Recorded, Transactions } from './transactions.ts';
import { describePackage, ensurePackage } from './packages.ts';
import { publish, putFile } from './publish.ts';
import { asQuotaRefusal } from './quotas.ts';
import { requireRoom } from './require-room.ts';
import type { Schema } from './schema.ts';
import { removeTag, setTag } from './tags.ts';
import type { UsualRetention } from './trash.ts';
import { removeVersion } from './versions.ts';
import { withdrawFile } from './withdraw-file.ts';

export interface HostedOptions {
  readonly database: Transactions;
  readonly blobs: BlobStore;
  readonly uploads: UploadSessions;
  readonly now: () => number;
  /** How long a loose file is kept for the version that will need it. */
  readonly leaseMs: number;
  /** Without it, nothing goes into the trash. */
  readonly trashRetention?: UsualRetention;
  /** Where others may go for what comes, how. */
  readonly eviction?: CopyEviction;
  /** Called at each step of each change, for tests that stop the process just there. */
  readonly onStep?: (step: RecordStep) => void;
}

/**
 * How far a change of the tables has come. `recording`: all is written and nothing committed; `recorded`: committed,
 * and on the disk; `tidied`: what it made superfluous is gone from the store.
 */
export const RECORD_STEPS = ['recording', 'recorded', 'tidied'] as const;
export type RecordStep = (typeof RECORD_STEPS)[number];

type Work = (tx: Transaction<Schema>, now: number) => Promise<readonly Surplus[]>;

/** Bytes that are on the disk so soon that what names them can be waited for. */
const BRIEF = 1024 * 1024;
const ROOM_TRIES = 3;

const NAMING: Recorded = { part: 'naming' };

interface Place {
  readonly repositoryId: number;
  /** Whom upload sessions are bound to. */
  readonly account: string;
  readonly catalog: CatalogReader;
}

/** One repository that can be written, on the metadata tables and a blob store. */
export class HostedTables implements HostedRepo {
  readonly #options: HostedOptions;
  readonly #place: Place;
  readonly #stored: CommittedBlob[] = [];

  constructor(options: HostedOptions, place: Place) {
    this.#options = options;
    this.#place = place;
  }

  async store(body: ByteStream, options?: WriteOptions): Promise<CommittedBlob> {
    await this.#requireWritable(options);
    const writer = await this.#options.blobs.begin(options);
    try {
      await writer.append(body);
      const committing = writer.commit();
      const blob = await (writer.offset > BRIEF ? committing : this.#options.database.soon(committing));
      this.#stored.push(blob);
      return blob;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  async abandon(): Promise<void> {
    await this.#takeBack(this.#stored.splice(0));
  }

  async beginUpload(pkg: string, options?: WriteOptions): Promise<Upload> {
    await this.#requireWritable(options);
    return this.#options.uploads.begin(this.#owner(pkg), options);
  }

  async resumeUpload(pkg: string, session: string, options?: WriteOptions): Promise<Upload> {
    await this.#requireWritable(options);
    return this.#options.uploads.resume(this.#owner(pkg), session, options);
  }

  async link(file: NewFile, sighting?: Sighting): Promise<void> {
    await this.#orDiscard(
      [file],
      async (tx, now) => {
        if (sighting) await noteSighting(tx, this.#place.repositoryId, sighting);
        const surplus = await adoptBlob(tx, file.blob, now);
        const pkg = file.coordinates?.package;
        const { repositoryId } = this.#place;
        const packageId =
          pkg === undefined
            ? null
            : (await ensurePackage(tx, { repositoryId, name: pkg, now, published: false })).id;
        const leaseUntil = now + this.#options.leaseMs;
        await putFile(tx, file, { repositoryId, packageId, versionId: null, leaseUntil, now });
        return surplus ? [surplus] : [];
      },
      NAMING,
    );
  }

  async unlink(path: string): Promise<void> {
    await this.#write(async (tx) => {
      const file = await tx
        .selectFrom('file')
        .leftJoin('version_use', 'version_use.file_id', 'file.id')
        .leftJoin('version', 'version.id', 'version_use.version_id')
        .select(['file.id', 'version.name as user'])
        .where('file.repository_id', '=', this.#place.repositoryId)
        .where('file.path', '=', path)
        .where('file.version_id', 'is', null)
        .executeTakeFirst();
      if (!file) throw notFound('FILE', { path });
      if (file.user !== null)
        throw new RegistryError('FAILED_PRECONDITION', 'IN_USE', `still part of ${file.user}`, {
          details: { path, version: file.user },
        });
      await tx.deleteFrom('file').where('id', '=', file.id).execute();
      return [];
    });
  }

  async renew(file: StoredFile): Promise<void> {
    const { database, now, leaseMs } = this.#options;
    const row = await database.read
      .selectFrom('file')
      .select(['lease_until', 'version_id'])
      .where('repository_id', '=', this.#place.repositoryId)
      .where('path', '=', file.path)
      .executeTakeFirst();
    // Whoever relies on it would otherwise be told that it is there.
    if (!row) throw notFound('FILE', { path: file.path });
    if (row.version_id === null && (row.lease_until ?? 0) < now() + leaseMs / 2) await this.link(file);
  }

  open(blob: BlobInfo, range?: ByteRange): Promise<Body> {
    return this.#options.blobs.open(blob, range);
  }

  async read(file: StoredFile, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (file.blob.size > limit)
      throw new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `${file.path} is larger than ${limit} bytes`);
    const body = await this.#options.blobs.open(file.blob);
    return new Uint8Array(await new Response(body).arrayBuffer());
  }

  async publish(plan: PublishPlan): Promise<void> {
    const { repositoryId } = this.#place;
    const { package: pkg, version, tags = [], size } = plan;
    const response = { package: pkg, version, tags, sizeBytes: String(size) };
    const work: Work = async (tx, now) => {
      if (plan.sighting) await noteSighting(tx, repositoryId, plan.sighting);
      return publish(tx, plan, { repositoryId, now });
    };
    await this.#orDiscard(plan.files, work, { response });
  }

  /** Names files, or takes back the bytes that came for them. */
  async #orDiscard(files: readonly NewFile[], work: Work, recorded: Recorded): Promise<void> {
    try {
      await this.#writeMakingRoom(files, work, recorded);
    } catch (error) {
      const brought = files.flatMap(({ blob }) => ('checksums' in blob ? [blob] : []));
      // Only a refusal is known not to have been committed.
      if (error instanceof RegistryError && error.status < 500)
        await this.#takeBack(brought).catch(() => undefined);
      throw error;
    }
  }

  /** Again when others went for it: for its bytes, for its version, and once more for those who were quicker. */
  async #writeMakingRoom(files: readonly NewFile[], work: Work, recorded: Recorded): Promise<void> {
    const { eviction } = this.#options;
    const { repositoryId } = this.#place;
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#write(work, recorded);
      } catch (error) {
        const made = tries < ROOM_TRIES && (await eviction?.madeRoom(repositoryId, error, files));
        if (!made) throw error;
      }
    }
  }

  async #takeBack(brought: readonly CommittedBlob[]): Promise<void> {
    const { database, blobs } = this.#options;
    for (const blob of await unnamed(database.read, brought)) await blobs.delete(blob);
  }

  async amend(pkg: string, version: string, change: (attributes: Attributes) => Attributes): Promise<void> {
    await this.#write(async (tx, now) => {
      const row = await tx
        .selectFrom('version')
        .innerJoin('package', 'package.id', 'version.package_id')
        .select(['version.id', 'version.attributes'])
        .where('package.repository_id', '=', this.#place.repositoryId)
        .where('package.name', '=', pkg)
        .where('version.name', '=', version)
        .executeTakeFirst();
      if (!row) throw notFound('VERSION', { version });
      const attributes = JSON.stringify(change(JSON.parse(row.attributes) as Attributes));
      await tx.updateTable('version').set({ attributes, updated_at: now }).where('id', '=', row.id).execute();
      return [];
    });
  }

  async unpublish(pkg: string, version: string, mayUntag?: MayUntag): Promise<void> {
    await this.#remove(pkg, version, this.#options.trashRetention, mayUntag);
  }

  async discard(pkg: string, version: string): Promise<void> {
    await this.#remove(pkg, version, undefined);
  }

  async #remove(pkg: string, version: string, usual: UsualRetention, mayUntag?: MayUntag): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#write(async (tx, now) => {
      await removeVersion(tx, { repositoryId, package: pkg, version, now, usual }, mayUntag);
      return [];
    });
  }

  async withdraw(path: string, mayUntag?: MayUntag): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#write(async (tx, now) => {
      await withdrawFile(tx, { repositoryId, path, now, usual: this.#options.trashRetention }, mayUntag);
      return [];
    });
  }

  async untag(pkg: string, tag: string): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#write(async (tx, now) => {
      await removeTag(tx, { repositoryId, package: pkg, tag, now });
      return [];
    });
  }

  async tag(pkg: string, tags: readonly TagRow[]): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#write(async (tx, now) => {
      for (const { tag, version } of tags) {
        const row = await tx
          .selectFrom('version')
          .innerJoin('package', 'package.id', 'version.package_id')
          .select(['version.id', 'version.package_id'])
          .where('package.repository_id', '=', repositoryId)
          .where('package.name', '=', pkg)
          .where('version.name', '=', version)
          .executeTakeFirst();
        if (!row) throw notFound('VERSION', { package: pkg, version });
        const at = { repositoryId, packageId: row.package_id, package: pkg };
        await setTag(tx, { ...at, tag, versionId: row.id, version, now });
      }
      return [];
    });
  }

  async describe(
    pkg: string,
    change: (before: Attributes) => Attributes,
    searchText?: string,
  ): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#write(async (tx) => {
      const row = await tx
        .selectFrom('package')
        .select(['id', 'attributes'])
        .where('repository_id', '=', repositoryId)
        .where('name', '=', pkg)
        .executeTakeFirst();
      if (!row) throw notFound('PACKAGE', { package: pkg });
      const known = { ...row, repositoryId, name: pkg, blank: false };
      await describePackage(tx, known, {
        describe: change,
        ...(searchText !== undefined && { searchText }),
      });
      return [];
    });
  }

  packagesState(prefix: string) {
    return this.#place.catalog.packagesState(prefix);
  }

  namesRevision() {
    return this.#place.catalog.namesRevision();
  }
  packageState(pkg: string) {
    return this.#place.catalog.packageState(pkg);
  }
  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }) {
    return this.#place.catalog.search(words, page);
  }
  owns(pkg: string) {
    return this.#place.catalog.owns(pkg);
  }
  file(ref: FileRef) {
    return this.#place.catalog.file(ref);
  }
  damaged(ref: FileRef) {
    return this.#place.catalog.damaged(ref);
  }
  version(pkg: string, version: string) {
    return this.#place.catalog.version(pkg, version);
  }
  files(prefix: string, page: Page) {
    return this.#place.catalog.files(prefix, page);
  }
  versions(pkg: string, page: Page) {
    return this.#place.catalog.versions(pkg, page);
  }
  tags(pkg: string, page: Page) {
    return this.#place.catalog.tags(pkg, page);
  }
  tagged(pkg: string, versions: readonly string[]) {
    return this.#place.catalog.tagged(pkg, versions);
  }
  versionNames(pkg: string, attribute: string) {
    return this.#place.catalog.versionNames(pkg, attribute);
  }

  untagged(pkg: string, page: Page) {
    return this.#place.catalog.untagged(pkg, page);
  }
  packages(prefix: string, page: Page) {
    return this.#place.catalog.packages(prefix, page);
  }
  folders(prefix: string, limit: number) {
    return this.#place.catalog.folders(prefix, limit);
  }
  linking(pkg: string, link: VersionLink, page: Page) {
    return this.#place.catalog.linking(pkg, link, page);
  }
  hasPackage(pkg: string) {
    return this.#place.catalog.hasPackage(pkg);
  }

  /** Bytes that could not be recorded would only take space. */
  async #requireWritable({ announced }: WriteOptions = {}): Promise<void> {
    const { broken, read } = this.#options.database;
    if (broken) throw broken;
    if (announced) await requireRoom(read, this.#place.repositoryId, announced);
  }

  #owner(pkg: string) {
    return { repositoryId: this.#place.repositoryId, package: pkg, account: this.#place.account };
  }

  /** One transaction; what it made superfluous in the store goes once it is on disk. */
  async #write(work: Work, recorded: Recorded = {}): Promise<void> {
    const { database, blobs, now, onStep } = this.#options;
    const surplus = await database.transaction(
      async (tx) => {
        const made = await work(tx, now()).catch(async (thrown: unknown) => {
          throw await asQuotaRefusal(tx, this.#place.repositoryId, thrown);
        });
        onStep?.('recording');
        return made;
      },
      () => recorded,
    );
    onStep?.('recorded');
    for (const blob of surplus) await blobs.delete(blob);
    onStep?.('tidied');
  }
}
