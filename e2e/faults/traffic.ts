import { noise } from '../fixtures/noise.ts';
import { type Bytes, type Digest, digestOf } from '../harness/oci.ts';
import { blobKey, type Key, type Ledger, manifestKey, tagKey, type Value } from './ledger.ts';
import { type Document, imageDocument, indexDocument, type Registry } from './registry.ts';

/** The next number from 0 up to, and without, `below`. The same numbers for the same seed. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = (seed * 2_654_435_769 + 1) >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Numbers for bytes that nobody else has. */
let fresh = 0;

/** The server has gone, or does not work any more; the change that was asked for may have happened or not. */
class Gone extends Error {}

/** One client that pushes, tags, mounts and deletes in an image of its own, and notes what was acknowledged. */
class Visitor {
  readonly image: string;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #documents: Document[] = [];
  readonly #blobs: Digest[] = [];
  /** Whose blobs it mounts. */
  #neighbour: Visitor | undefined;
  #registry: Registry;

  constructor(image: string, registry: Registry, ledger: Ledger, random: Random) {
    this.image = image;
    this.#registry = registry;
    this.#ledger = ledger;
    this.#random = random;
  }

  meet(neighbour: Visitor): void {
    this.#neighbour = neighbour;
  }

  /** Works until the server goes away, which it must not do before `expected` says so. */
  async run(registry: Registry, expected: () => boolean): Promise<void> {
    this.#registry = registry;
    try {
      for (;;) await this.#something();
    } catch (error) {
      if (!(error instanceof Gone) || !expected()) throw error;
    }
  }

  #something(): Promise<void> {
    const ways: readonly (() => Promise<void>)[] = [
      () => this.#pushImage(),
      () => this.#pushImage(),
      () => this.#pushInChunks(),
      () => this.#tag(),
      () => this.#tag(),
      () => this.#untag(),
      () => this.#delete(),
      () => this.#mount(),
      () => this.#refer(),
      () => this.#index(),
    ];
    return this.#one(ways)?.() ?? Promise.resolve();
  }

  async #pushImage(subject?: Document): Promise<void> {
    const [config, layer] = [this.#bytes(300), this.#bytes(1_000 + this.#random(60_000))];
    await this.#push(config);
    await this.#push(layer);
    const document = imageDocument({ config, layers: [layer], ...(subject && { subject }) });
    await this.#put(document, subject ? [document.digest] : [this.#someTag(), this.#someTag()]);
  }

  async #push(bytes: Bytes): Promise<void> {
    const digest = digestOf(bytes);
    await this.#change('a push of a blob', [[blobKey(this.image, digest), digest]], [201], () =>
      this.#registry.pushBlob(this.image, bytes),
    );
    this.#blobs.push(digest);
  }

  async #pushInChunks(): Promise<void> {
    const bytes = this.#bytes(30_000 + this.#random(300_000));
    const digest = digestOf(bytes);
    const middle = this.#random(bytes.byteLength - 1) + 1;
    const upload = await this.#alive(() => this.#registry.begin(this.image));
    const appended = await this.#alive(() => this.#registry.append(upload, bytes.subarray(0, middle), 0));
    const refused = `a chunk was answered ${appended.status}`;
    if (appended.status >= 500) throw new Gone(refused);
    if (appended.status !== 202) throw new Error(refused);
    await this.#change('a chunked push', [[blobKey(this.image, digest), digest]], [201], () =>
      this.#registry.finish(upload, digest, bytes.subarray(middle)),
    );
    this.#blobs.push(digest);
  }

  async #tag(): Promise<void> {
    const document = this.#one(this.#present());
    if (document) await this.#put(document, [this.#someTag()]);
  }

  async #untag(): Promise<void> {
    const tag = this.#one(this.#tags());
    if (tag === undefined) return;
    await this.#change('the removal of a tag', [[tagKey(this.image, tag), undefined]], [202], () =>
      this.#registry.deleteManifest(this.image, tag),
    );
  }

  async #delete(): Promise<void> {
    const document = this.#one(this.#present());
    if (!document) return;
    const tags = this.#tags().filter(
      (tag) => this.#ledger.certain(tagKey(this.image, tag)) === document.digest,
    );
    const values = [manifestKey(this.image, document.digest), ...tags.map((tag) => tagKey(this.image, tag))];
    // Refused while an index has it.
    await this.#change(
      'a deletion',
      values.map((key) => [key, undefined]),
      [202, 403],
      () => this.#registry.deleteManifest(this.image, document.digest),
    );
  }

  async #mount(): Promise<void> {
    const from = this.#neighbour;
    const digest = from && this.#one(from.#blobs);
    if (!from || digest === undefined || this.#ledger.certain(blobKey(from.image, digest)) === undefined)
      return;
    await this.#change('a mount', [[blobKey(this.image, digest), digest]], [201], () =>
      this.#registry.mount(this.image, digest, from.image),
    );
  }

  async #refer(): Promise<void> {
    const subject = this.#one(this.#present());
    if (subject) await this.#pushImage(subject);
  }

  async #index(): Promise<void> {
    const [one, other] = [this.#one(this.#present()), this.#one(this.#present())];
    if (!one || !other || one === other) return;
    await this.#put(indexDocument([one, other]), [this.#someTag()]);
  }

  async #put(document: Document, references: readonly string[]): Promise<void> {
    const [first = '', ...more] = [...new Set(references)];
    const { digest } = document;
    this.#ledger.contents.set(digest, document.bytes);
    if (!this.#documents.some((known) => known.digest === digest)) this.#documents.push(document);
    const tags = [first, ...more].filter((name) => name !== digest);
    const values = [manifestKey(this.image, digest), ...tags.map((tag) => tagKey(this.image, tag))];
    await this.#change(
      'a push of a manifest',
      values.map((key) => [key, digest]),
      [201],
      () => this.#registry.putManifest(this.image, first, document, more),
    );
  }

  async #change(
    what: string,
    values: readonly (readonly [Key, Value])[],
    statuses: readonly number[],
    request: () => Promise<Response>,
  ): Promise<void> {
    const change = this.#ledger.begin(`${what} in ${this.image}`, values);
    const answer = await this.#alive(request);
    const text = await this.#alive(() => answer.text());
    if (answer.status >= 500) throw new Gone(`${what} was answered ${answer.status}: ${text}`);
    if (!statuses.includes(answer.status)) throw new Error(`${what} was answered ${answer.status}: ${text}`);
    if (answer.ok) this.#ledger.acknowledge(change);
    else this.#ledger.refuse(change);
  }

  async #alive<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new Gone('the server went away', { cause });
    }
  }

  #present(): readonly Document[] {
    return this.#documents.filter(
      ({ digest }) => this.#ledger.certain(manifestKey(this.image, digest)) !== undefined,
    );
  }

  #tags(): readonly string[] {
    return TAGS.filter((tag) => this.#ledger.certain(tagKey(this.image, tag)) !== undefined);
  }

  #someTag(): string {
    return this.#one(TAGS) ?? '';
  }

  #one<T>(items: readonly T[]): T | undefined {
    return items[this.#random(Math.max(1, items.length))];
  }

  #bytes(size: number): Bytes {
    fresh += 1;
    const bytes = noise(fresh, size);
    this.#ledger.contents.set(digestOf(bytes), bytes);
    return bytes;
  }
}

/** So many clients, each of which mounts what the next one pushed. */
export function visitors(
  count: number,
  {
    registry,
    ledger,
    seed = 0,
  }: { readonly registry: Registry; readonly ledger: Ledger; readonly seed?: number },
): readonly Visitor[] {
  const all = Array.from(
    { length: count },
    (_, at) => new Visitor(`image-${at}`, registry, ledger, randomFrom(seed * 1_000 + at)),
  );
  all.forEach((visitor, at) => visitor.meet(all[(at + 1) % count] ?? visitor));
  return all;
}

const TAGS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Many clients at one tag: the last one to be acknowledged must be the one that stays. */
export async function fightForTag(
  registry: Registry,
  ledger: Ledger,
  {
    image,
    documents,
    random,
    expected,
  }: {
    readonly image: string;
    readonly documents: readonly Document[];
    readonly random: Random;
    readonly expected: () => boolean;
  },
): Promise<void> {
  for (;;) {
    const document = documents[random(documents.length)];
    if (!document) return;
    const change = ledger.begin('a move of the tag', [[tagKey(image, 'current'), document.digest]]);
    let answer: Response;
    try {
      answer = await registry.putManifest(image, 'current', document);
    } catch (error) {
      if (!expected()) throw error;
      return;
    }
    if (answer.status !== 201)
      throw new Error(`a move of the tag was answered ${answer.status}: ${await answer.text()}`);
    ledger.acknowledge(change);
  }
}
