import type { BlobInfo, Body, ByteRange } from '../core/blob.ts';
import {
  type Coding,
  CODINGS,
  type DocumentAddress,
  type DocumentLayout,
  type DocumentReader,
  type DocumentStore,
  type OpenedDocument,
  type StoredDocument,
} from '../core/documents.ts';
import type { IndexKey, IndexPart, KeptIndex } from '../core/index-kind.ts';
import type { Repo } from '../core/repo.ts';
import { Recent } from '../lib/recent.ts';
import type { Company } from './company.ts';
import { DocumentDemand } from './document-demand.ts';
import { LaterWork } from './later-work.ts';
import { code, type MadeDocument, written } from './made-document.ts';
import { fromMemory, type Made, openedOf } from './opened-document.ts';
import { RememberedDocuments } from './remembered-documents.ts';
import { idOf, keyText, placeOf, type Wanted, wantedOf } from './wanted-document.ts';

interface BodySource {
  open(blob: BlobInfo, range?: ByteRange): Body | Promise<Body>;
}

/** A document that is kept, and how a part of its bytes is read. */
interface KnownDocument extends StoredDocument {
  readonly open: (from: number, size: number) => Promise<Body>;
}

interface KeptOptions {
  /** What else is kept behind answers. */
  readonly company: Company;
  readonly store: DocumentStore;
  readonly bodies: BodySource;
  readonly now: () => number;
  /** Told when a document could not be kept: it is made again for whoever asks next. */
  readonly failed: (cause: unknown) => void;
}

/** A document that was written just now. */
interface Written extends Made {
  /** Milliseconds that writing the texts took. */
  readonly took: number;
}

interface Making {
  readonly made: Promise<Made>;
  /** Has it compressed, which is done once; resolves when every coding is there. */
  coded(): Promise<void>;
}

/** What was made last of all that is still to be kept. */
interface Latest {
  readonly wanted: Wanted;
  /** Resolves when what is being written there was, or could not be: this, or what it takes the place of. */
  writing: Promise<void> | undefined;
}

/** Bodies up to this size are answered from memory; the kernel sends larger ones. */
const SMALL = 256 * 1024;
const IN_MEMORY = 64 * 1024 * 1024;
/** Documents that are made anew behind the answer whether or not somebody reads them: that costs less than what was answered. */
const SHORT = 16 * 1024;

/**
 * Documents of indexes, made once per change and address and then sent as they are. One that is not there yet is made once for
 * all who wait for it and answered from memory; its compressed forms follow, and then its place on the disk. Most clients of an
 * index ask for one of its variants, so the others are made once somebody asks for a second.
 */
export class KeptDocuments {
  readonly #options: KeptOptions;
  readonly #making = new Map<string, Making>();
  readonly #keeping = new Set<Promise<void>>();
  /** By address. */
  readonly #latest = new Map<string, Latest>();
  readonly #outdated = new LaterWork();
  readonly #demand = new DocumentDemand();
  readonly #recent = new Recent<Uint8Array<ArrayBuffer>>(IN_MEMORY);
  readonly #remembered: RememberedDocuments;

  constructor(options: KeptOptions) {
    this.#options = options;
    this.#remembered = new RememberedDocuments(options);
  }

  /** A repository's documents, as `repo` has the indexes. */
  of(repositoryId: number, repo: Pick<Repo, 'index'>): DocumentReader {
    return {
      document: async (kind, key, { variant, baseUrl }) => {
        const part = await repo.index(kind, key);
        const wanted = wantedOf(repositoryId, { kind, key, part, baseUrl });
        if (!wanted) return this.#private(kind, key, part, { variant, baseUrl });
        const known = this.#known(wanted, variant);
        const making = [wanted, { ...wanted, variant }].map((each) => this.#making.get(idOf(each)));
        const [underWay] = making.filter((each) => each !== undefined);
        this.#demand.asked(placeOf(wanted.at), known !== undefined || underWay !== undefined);
        if (known) return opened(known, part, variant);
        // What is asked for again may be asked for often; who is told why it cannot be made is who asks for it.
        underWay?.coded().catch(() => undefined);
        const { made } = underWay ?? this.#make(kind, key, part, this.#narrowed(wanted, variant));
        return fromMemory(await made, part, variant);
      },
      remembered: async (kind, key, baseUrl) => {
        const part = await repo.index(kind, key);
        const wanted = wantedOf(repositoryId, { kind, key, part, baseUrl });
        return this.#remembered.open(wanted, { kind, key, part, baseUrl });
      },
      refresh: (kind, key, baseUrl) => {
        const place = placeOf({ repositoryId, kind: kind.name, key: keyText(key), form: baseUrl });
        const work = async () => {
          const part = await repo.index(kind, key);
          const wanted = wantedOf(repositoryId, { kind, key, part, baseUrl });
          if (wanted && this.#isDue(wanted)) await this.#make(kind, key, part, wanted).coded();
        };
        this.#outdated.add(place, work, this.#demand.notBefore(place));
      },
    };
  }

  /**
   * Whether it is to be made though nobody waits for it. What is long and was read by nobody since is left to whoever reads it
   * next, so that what publishing costs does not grow with what is published already.
   */
  #isDue({ at, source }: Wanted): boolean {
    const stored = this.#options.store.find(at);
    if (!stored) return true;
    if (stored.source === source) return false;
    return sizeOf(stored) <= SHORT || this.#demand.take(placeOf(at));
  }

  /** For who asks first, what they ask for; all of it where another variant is there already, or is to be made anyway. */
  #narrowed(wanted: Wanted, variant: string): Wanted {
    const { at, source } = wanted;
    const place = placeOf(at);
    const sources = [this.#options.store.find(at)?.source, this.#latest.get(place)?.wanted.source];
    return sources.includes(source) || this.#outdated.has(place) ? wanted : { ...wanted, variant };
  }

  /** A document that is kept in this variant, with its bytes where those are in memory. */
  #known({ at, source }: Wanted, variant: string): KnownDocument | undefined {
    const stored = this.#options.store.find(at);
    if (stored?.source !== source || !stored.layouts.some((each) => each.variant === variant))
      return undefined;
    const { blob, id } = stored;
    if (blob) return { ...stored, open: (from, size) => this.#body(blob, from, size) };
    const bytes = this.#recent.get(id) ?? this.#options.store.bytes(stored);
    if (!bytes) return undefined;
    this.#recent.put(id, bytes, bytes.byteLength);
    return { ...stored, open: async (from, size) => bytes.subarray(from, from + size) };
  }

  /** For one caller alone: made, sent and forgotten. */
  async #private<T>(
    kind: KeptIndex<T>,
    key: IndexKey,
    part: IndexPart<T>,
    { variant, baseUrl }: { readonly variant: string; readonly baseUrl: string },
  ): Promise<OpenedDocument> {
    return fromMemory(await this.#written(kind, key, part, { variant, baseUrl }), part, variant);
  }

  async #code(place: string, { layouts, took }: Written): Promise<void> {
    const begun = performance.now();
    await Promise.all(layouts.map((layout) => code(layout)));
    const now = performance.now();
    this.#demand.made(place, now, took + now - begun);
  }

  /** The texts of one variant, or of all. */
  async #written<T>(
    kind: KeptIndex<T>,
    key: IndexKey,
    part: IndexPart<T>,
    { variant, baseUrl }: Pick<Wanted, 'variant' | 'baseUrl'>,
  ): Promise<Written> {
    const begun = performance.now();
    const layouts: MadeDocument[] = [];
    for (const document of kind.documents(await part.value(), key, baseUrl))
      if (variant === undefined || document.variant === variant) layouts.push(await written(document));
    return { layouts, madeAt: this.#options.now(), took: performance.now() - begun };
  }

  #make<T>(kind: KeptIndex<T>, key: IndexKey, part: IndexPart<T>, wanted: Wanted): Making {
    const { at, source } = wanted;
    const [place, id] = [placeOf(at), idOf(wanted)];
    const known = this.#making.get(id);
    if (known) return known;
    const made = this.#written(kind, key, part, wanted);
    let coding: Promise<void> | undefined;
    const coded = (): Promise<void> => (coding ??= made.then((document) => this.#code(place, document)));
    const making = { made, coded };
    this.#making.set(id, making);
    const latest: Latest = { wanted, writing: this.#latest.get(place)?.writing };
    this.#latest.set(place, latest);
    // Nobody waits for the disk: until it is kept it is answered from here. What was made of something older is not kept after it.
    const keep = async (): Promise<void> => {
      await coded();
      await latest.writing;
      if (this.#latest.get(place) !== latest) return;
      const writing = this.#keep(at, source, await made);
      latest.writing = writing.catch(() => undefined);
      await writing;
    };
    const keeping = made
      .then((document) => this.#options.company.add(keep, bytesOf(document)).done)
      // That it could not be made is told to whoever asked for it.
      .catch((error: unknown) =>
        made.then(
          () => this.#options.failed(error),
          () => undefined,
        ),
      )
      .finally(() => {
        this.#making.delete(id);
        this.#keeping.delete(keeping);
        if (this.#latest.get(place) === latest) this.#latest.delete(place);
      });
    this.#keeping.add(keeping);
    return making;
  }

  async #keep(at: DocumentAddress, source: string, { layouts, madeAt }: Made): Promise<void> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const placed: DocumentLayout[] = [];
    let offset = 0;
    for (const { variant, contentType, etag, bodies } of layouts) {
      const places: Partial<Record<Coding, readonly [number, number]>> = {};
      for (const coding of CODINGS) {
        const bytes = bodies[coding];
        if (!bytes) continue;
        pieces.push(bytes);
        places[coding] = [offset, bytes.byteLength];
        offset += bytes.byteLength;
      }
      placed.push({ variant, contentType, etag, bodies: places });
    }
    await this.#options.store.keep(at, { source, layouts: placed, madeAt }, pieces);
  }

  /** Waits for what is still to be kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#outdated[Symbol.dispose]();
    this.#options.company[Symbol.dispose]();
    await Promise.allSettled(this.#keeping);
  }

  async #body(blob: BlobInfo, from: number, size: number): Promise<Body> {
    const { bodies } = this.#options;
    const range = { start: from, end: from + size - 1 };
    if (size > SMALL) return bodies.open(blob, range);
    const id = `${blob.generation}:${from}`;
    const known = this.#recent.get(id);
    if (known) return known;
    const bytes = new Uint8Array(await new Response(await bodies.open(blob, range)).arrayBuffer());
    this.#recent.put(id, bytes, bytes.byteLength);
    return bytes;
  }
}

const opened = (
  { layouts, madeAt, open }: KnownDocument,
  part: IndexPart<unknown>,
  variant: string,
): OpenedDocument =>
  openedOf(layouts, variant, { part, madeAt }, ([from, size]) => ({ size, open: () => open(from, size) }));

const bytesOf = ({ layouts }: Made): number =>
  layouts.reduce((sum, { bodies }) => sum + bodies.identity.byteLength, 0);

const sizeOf = ({ layouts }: StoredDocument): number =>
  layouts
    .flatMap(({ bodies }) => Object.values(bodies))
    .reduce((most, [offset, length]) => Math.max(most, offset + length), 0);
