import type { CommittedBlob, ByteStream } from '../../core/blob.ts';
import type { FileRef, NewFile, StoredFile } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import type { OpenedFile, Repo } from '../../core/repo.ts';
import { CatalogTables } from './catalog-tables.ts';

interface Borrower {
  /** Where to look, as the writer may read it. */
  readonly behind: Pick<Repo, 'file'>;
  readonly link: (file: NewFile) => Promise<void>;
  readonly store: (body: ByteStream) => Promise<CommittedBlob>;
}

/**
 * A repository's rows for somebody who was shown more than is in it. A loose file that is only behind the address they write to
 * becomes one of the repository's own when they rely on it, as if they had sent it.
 */
export class BorrowingCatalog extends CatalogTables {
  readonly #borrower: Borrower;

  constructor(borrower: Borrower, ...rows: ConstructorParameters<typeof CatalogTables>) {
    super(...rows);
    this.#borrower = borrower;
  }

  override async file(ref: FileRef): Promise<StoredFile | undefined> {
    const own = await super.file(ref);
    if (own || ref.freshness !== 'immutable' || ref.coordinates?.version !== undefined) return own;
    const { behind, link, store } = this.#borrower;
    const found = await behind.file(ref).catch(absentIfRefused);
    if (!found || found.file.coordinates?.version !== undefined) return undefined;
    await link({ ...ref, blob: found.blob ?? (await store(await streamOf(found))) });
    return super.file(ref);
  }
}

/** Whoever cannot be asked has nothing to give: the client is told that it is not there, and sends it. */
function absentIfRefused(thrown: unknown): undefined {
  if (!(thrown instanceof RegistryError)) throw thrown;
}

async function streamOf(file: OpenedFile): Promise<ByteStream> {
  return new Response(await file.open()).body as ByteStream;
}
