import type { Coding, OpenedDocument } from '../core/documents.ts';
import type { IndexKey, IndexPart, RememberedIndex } from '../core/index-kind.ts';
import { Recent } from '../lib/recent.ts';
import { code, type MadeDocument, written } from './made-document.ts';
import { openedOf } from './opened-document.ts';
import { idOf, placeOf, type Wanted } from './wanted-document.ts';

interface RememberedOptions {
  /** Told when a document could not be compressed: it is sent as it is. */
  readonly failed: (cause: unknown) => void;
}

/** One of an index, as a repository has it now, for clients that come by an address. */
interface Asked<T> {
  readonly kind: RememberedIndex<T>;
  readonly key: IndexKey;
  readonly part: IndexPart<T>;
  readonly baseUrl: string;
}

interface Remembered {
  readonly contentType: string;
  readonly etag: string;
  /** However many read one, and however slowly, its bytes are there once. */
  readonly bodies: Partial<Record<Coding, Blob>> & { readonly identity: Blob };
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** What is known at a place. */
interface Known {
  readonly source: string;
  readonly remembered: Remembered;
  /** Resolves when it is compressed, or cannot be. */
  coding?: Promise<void>;
}

/** Of all documents together. */
const MOST_BYTES = 32 * 1024 * 1024;
/** What one costs besides its bodies. */
const BESIDES = 1024;

/**
 * Documents of which there are as many as clients think of pages: in memory alone, so that whoever reads writes nothing, and
 * bounded. Of each page the last one that was made is here, and whether it still holds its source says. One is compressed when it is
 * asked for again by somebody who takes it so: what changes as often as it is read is not worth that.
 */
export class RememberedDocuments {
  readonly #options: RememberedOptions;
  readonly #known = new Recent<Known>(MOST_BYTES);
  readonly #making = new Map<string, Promise<Remembered>>();

  constructor(options: RememberedOptions) {
    this.#options = options;
  }

  /** Without `wanted` it is made for this caller alone. */
  async open<T>(wanted: Wanted | undefined, asked: Asked<T>): Promise<OpenedDocument> {
    if (!wanted) return opened(await this.#made(asked), asked.part);
    const place = placeOf(wanted.at);
    const known = this.#known.get(place);
    if (known?.source !== wanted.source) return opened(await this.#makeOnce(wanted, asked), asked.part);
    const document = opened(known.remembered, asked.part);
    if (known.remembered.bodies.gzip) return document;
    const coded = async (): Promise<OpenedDocument> => {
      await (known.coding ??= this.#code(place, known));
      return opened(known.remembered, asked.part);
    };
    return { ...document, coded };
  }

  #makeOnce<T>(wanted: Wanted, asked: Asked<T>): Promise<Remembered> {
    const id = idOf(wanted);
    const begun = this.#making.get(id);
    if (begun) return begun;
    const making = this.#made(asked)
      .then((remembered) => {
        this.#put(placeOf(wanted.at), { source: wanted.source, remembered });
        return remembered;
      })
      .finally(() => this.#making.delete(id));
    this.#making.set(id, making);
    return making;
  }

  async #made<T>({ kind, key, part, baseUrl }: Asked<T>): Promise<Remembered> {
    const { headers, ...document } = kind.document(await part.value(), key, baseUrl);
    const { contentType, etag, bodies } = await written({ variant: '', ...document });
    const identity = new Blob([bodies.identity]);
    return { contentType, etag, bodies: { identity }, headers };
  }

  async #code(place: string, known: Known): Promise<void> {
    await zipped(known.remembered).catch(this.#options.failed);
    if (this.#known.get(place) === known) this.#put(place, known);
  }

  #put(place: string, known: Known): void {
    const bodies = Object.values(known.remembered.bodies);
    const bytes = bodies.reduce((sum, { size }) => sum + size, place.length + BESIDES);
    this.#known.put(place, known, bytes);
  }
}

/** In the one form that nearly all clients take. */
async function zipped({ bodies }: Remembered): Promise<void> {
  const made: MadeDocument['bodies'] = { identity: await bodies.identity.bytes() };
  await code({ bodies: made }, ['gzip']);
  if (made.gzip) bodies.gzip = new Blob([made.gzip]);
}

const opened = (
  { contentType, etag, bodies, headers }: Remembered,
  part: IndexPart<unknown>,
): OpenedDocument => ({
  ...openedOf([{ variant: '', contentType, etag, bodies }], '', { part }, (body) => ({
    size: body.size,
    open: async () => body,
  })),
  ...(headers && { headers }),
});
