import type { Checksum, ChecksumAlgorithm } from '../core/blob.ts';
import type { StoredFile } from '../core/catalog.ts';
import { RegistryError } from '../core/error.ts';
import type { Format, ReadableElsewhere, StoredFiles } from '../core/format.ts';
import type { Authorizer } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { Repo } from '../core/repo.ts';
import {
  type RepositoryAddress,
  type RepositoryDirectory,
  type RepositoryRow,
  repositoryName,
} from '../core/repository.ts';
import { seeing } from '../lib/visible-catalog.ts';
import type { Addressing } from './addressing.ts';
import type { DataRequest } from './data-request.ts';
import type { Reader } from './route-parts.ts';

const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';

/** Where bytes are named, over all repositories; the caller's rights are checked here, not there. */
export interface FilesByContent {
  holding(checksum: {
    readonly algorithm: ChecksumAlgorithm;
    readonly hex: string;
  }): Promise<readonly { readonly repository: Omit<RepositoryRow, 'config'>; readonly file: StoredFile }[]>;
}

interface ElsewhereOptions {
  readonly addressing: Addressing;
  readonly authorizer: Authorizer;
  readonly repositories: RepositoryDirectory;
  readonly files: FilesByContent;
  /** What is stored of a repository, for somebody who has the permission on it. */
  readonly stored: (repository: RepositoryRow, reader: Reader) => Repo;
}

/** Other repositories of a format, for a caller: having a digest is not a right, reading where it is stored is. */
export class Elsewhere implements ReadableElsewhere {
  readonly #options: ElsewhereOptions;
  readonly #call: DataRequest;
  readonly #format: Format;

  constructor(options: ElsewhereOptions, call: DataRequest, format: Format) {
    this.#options = options;
    this.#call = call;
    this.#format = format;
  }

  async at(address: string): Promise<{ readonly repo: StoredFiles; readonly rest: string } | undefined> {
    const { addressing, repositories } = this.#options;
    const root = this.#format.root === undefined ? [] : [this.#format.root];
    const segments = [...root, ...address.split('/')];
    const destination = attempt(() => addressing.locate(this.#call.host, segments));
    if (destination?.kind !== 'repository' || destination.format !== this.#format) return undefined;
    // What was there may not be there any more, and nobody publishes what refers to it.
    if (destination.asOf !== undefined) return undefined;
    const repository = await repositories.find(destination.address);
    const repo = repository && (await this.#readable(repository));
    return repo && { repo, rest: destination.rest.join('/') };
  }

  async holding(checksum: Checksum): Promise<StoredFile | undefined> {
    const { authorizer, files } = this.#options;
    for (const { repository, file } of await files.holding(checksum)) {
      if (repository.format !== this.#format.id) continue;
      const name = repositoryName(repository);
      const { allow } = await authorizer.check(this.#call.principal, READ, name, file.coordinates);
      if (allow && (await this.#isServed(repository, file))) return file;
    }
    return undefined;
  }

  /** What rules keep out of a repository is not taken from there either. */
  async #isServed(address: RepositoryAddress, file: StoredFile): Promise<boolean> {
    const { repositories, stored } = this.#options;
    const repository = await repositories.find(address);
    const reader = { principal: this.#call.principal, permission: READ };
    return (
      (await (repository && stored(repository, reader))?.file(file).catch(absentIfRefused)) !== undefined
    );
  }

  async #readable(repository: RepositoryRow): Promise<StoredFiles | undefined> {
    const { authorizer, stored } = this.#options;
    const { principal } = this.#call;
    const name = repositoryName(repository);
    const extent = await authorizer.extent(principal, READ, name, {});
    if (extent === 'none') return undefined;
    const whole = stored(repository, { principal, permission: READ });
    const repo = extent === 'all' ? whole : whole.seenBy(seeing(authorizer, principal, READ, name));
    return {
      async file(ref) {
        const opened = await repo.file(ref).catch(absentIfRefused);
        return opened?.blob && { ...opened.file, blob: opened.blob };
      },
    };
  }
}

/** Nobody needs what they can send themselves. */
function absentIfRefused(thrown: unknown): undefined {
  if (!(thrown instanceof RegistryError)) throw thrown;
}

/** What a client wrote may be no address at all. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
