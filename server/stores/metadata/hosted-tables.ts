import type { BlobInfo, Body, ByteRange, ByteStream, CommittedBlob, WriteOptions } from '../../core/blob.ts';
import type {
  Attributes,
  CatalogReader,
  HostedRepo,
  MayUntag,
  NewFile,
  PublishPlan,
  StoredFile,
  TagRow,
  Upload,
} from '../../core/catalog.ts';
import type { Sighting } from '../../core/copies.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import type { UploadSessions } from '../upload-sessions.ts';
import { noteSighting } from './copy-tables.ts';
import { adoptBlob } from './adopt-blob.ts';
import type { Recorded } from './transactions.ts';
import { describePackage, ensurePackage } from './packages.ts';
import { PassedCatalog } from './passed-catalog.ts';
import { publish, putFile } from './publish.ts';
import { type ChangesOptions, RepositoryChanges, type Work } from './repository-changes.ts';
import { requireRoom } from './require-room.ts';
import { removeTag, setTag } from './tags.ts';
import type { UsualRetention } from './trash.ts';
import { removeVersion } from './versions.ts';
import { withdrawFile } from './withdraw-file.ts';

export interface HostedOptions extends ChangesOptions {
  readonly uploads: UploadSessions;
  /** How long a loose file is kept for the version that will need it. */
  readonly leaseMs: number;
  /** Without it, nothing goes into the trash. */
  readonly trashRetention?: UsualRetention;
}

/** Bytes that are on the disk so soon that what names them can be waited for. */
const BRIEF = 1024 * 1024;

const NAMING: Recorded = { part: 'naming' };

interface Place {
  readonly repositoryId: number;
  /** Whom upload sessions are bound to. */
  readonly account: string;
  readonly catalog: CatalogReader;
}

/** One repository that can be written, on the metadata tables and a blob store. */
export class HostedTables extends PassedCatalog implements HostedRepo {
  readonly #options: HostedOptions;
  readonly #place: Place;
  readonly #changes: RepositoryChanges;
  readonly #stored: CommittedBlob[] = [];

  constructor(options: HostedOptions, place: Place) {
    super(place.catalog);
    this.#options = options;
    this.#place = place;
    this.#changes = new RepositoryChanges(options, place.repositoryId);
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
    await this.#changes.takeBack(this.#stored.splice(0));
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
    await this.#changes.naming(
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
    await this.#changes.write(async (tx) => {
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
    await this.#changes.naming(plan.files, work, { response });
  }

  async amend(pkg: string, version: string, change: (attributes: Attributes) => Attributes): Promise<void> {
    await this.#changes.write(async (tx, now) => {
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
    await this.#changes.write(async (tx, now) => {
      await removeVersion(tx, { repositoryId, package: pkg, version, now, usual }, mayUntag);
      return [];
    });
  }

  async withdraw(path: string, mayUntag?: MayUntag): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#changes.write(async (tx, now) => {
      await withdrawFile(tx, { repositoryId, path, now, usual: this.#options.trashRetention }, mayUntag);
      return [];
    });
  }

  async untag(pkg: string, tag: string): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#changes.write(async (tx, now) => {
      await removeTag(tx, { repositoryId, package: pkg, tag, now });
      return [];
    });
  }

  async tag(pkg: string, tags: readonly TagRow[]): Promise<void> {
    const { repositoryId } = this.#place;
    await this.#changes.write(async (tx, now) => {
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
    await this.#changes.write(async (tx) => {
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

  /** Bytes that could not be recorded would only take space. */
  async #requireWritable({ announced }: WriteOptions = {}): Promise<void> {
    const { broken, read } = this.#options.database;
    if (broken) throw broken;
    if (announced) await requireRoom(read, this.#place.repositoryId, announced);
  }

  #owner(pkg: string) {
    return { repositoryId: this.#place.repositoryId, package: pkg, account: this.#place.account };
  }
}
