import { expect } from 'bun:test';
import { noise } from '../fixtures/noise.ts';
import { type Bytes, type Digest, digestOf } from '../harness/oci.ts';
import { blobPath, type Document, imageDocument, manifestPath, PREFIX, type Registry } from './registry.ts';
import type { Random } from './traffic.ts';

/** Few layers, so that those who push meet those who delete at the same bytes. */
const LAYERS = Array.from({ length: 10 }, (_, seed) => noise(seed, 2_000 + 700 * seed));

export const PUSHERS: readonly string[] = ['a', 'b', 'c', 'd'];
/** Images that the policies of their repository clean, and nobody else. */
export const CLEANED: readonly string[] = ['cleaned-a', 'cleaned-b'];
export const POLICIES = {
  replaced: {
    action: 'DELETE',
    condition: { tagState: 'UNTAGGED', packageNamePrefixes: ['cleaned-'] },
  },
} as const;

/** A manifest that was acknowledged, and what it is made of. */
interface Held {
  readonly document: Document;
  readonly blobs: readonly Bytes[];
}
interface Image extends Held {
  /** What refers to it, such as signatures. */
  readonly attached: Map<Digest, Held>;
}

/** Somebody who pushes to one image and knows what must be there. */
abstract class Client {
  readonly #random: Random;
  protected readonly image: string;
  protected registry: Registry;

  constructor(image: string, registry: Registry, random: Random) {
    this.image = image;
    this.registry = registry;
    this.#random = random;
  }

  /** Manifests that were acknowledged, without those that are attached. */
  pushed = 0;

  /** Works until then, and until it has pushed something, however slow the machine. */
  async run(end: number, least = 1): Promise<void> {
    do {
      await this.work();
    } while (performance.now() < end || this.pushed < least);
  }

  /** Works until the server is killed, which it says in advance. */
  async runAt(registry: Registry, killed: () => boolean): Promise<void> {
    this.registry = registry;
    try {
      while (!killed()) await this.work();
    } catch (error) {
      if (!killed()) throw error;
    }
  }

  async pullFrom(registry: Registry): Promise<void> {
    this.registry = registry;
    await this.pull();
  }

  /** Whatever was acknowledged and not deleted is there, whole. */
  abstract pull(): Promise<void>;

  protected abstract work(): Promise<void>;

  /** Less than `below`, and not less than 0. */
  protected any(below: number): number {
    return this.#random(below);
  }

  protected layer(): Bytes {
    return LAYERS[this.any(LAYERS.length)] ?? noise(0, 1);
  }

  /** As docker does it: asks, and mounts or pushes what is not there. */
  protected async upload(bytes: Bytes): Promise<void> {
    const digest = digestOf(bytes);
    if ((await this.registry.send('HEAD', blobPath(this.image, digest))).status === 200) return;
    const from = PUSHERS[this.any(PUSHERS.length)] ?? '';
    if (this.any(2) === 0) {
      const mounted = await this.registry.mount(this.image, digest, from);
      expect([201, 202]).toContain(mounted.status);
      if (mounted.status === 201) return;
      // Not there to be mounted: the answer begins an upload instead.
      const upload = mounted.headers.get('location') ?? '';
      return created(this.registry.finish(upload, digest, bytes));
    }
    await created(this.registry.pushBlob(this.image, bytes));
  }

  /** Pushes something that refers to an image, without a tag. */
  protected async attach({ document: subject, attached }: Image): Promise<void> {
    const config = this.layer();
    await this.upload(config);
    const document = imageDocument({ config, layers: [config], subject });
    await created(this.registry.putManifest(this.image, document.digest, document));
    attached.set(document.digest, { document, blobs: [config] });
  }

  protected async whole({ document, blobs, attached }: Image): Promise<void> {
    await this.#bytes(manifestPath(this.image, document.digest), document.digest);
    for (const bytes of blobs) {
      const digest = digestOf(bytes);
      await this.#bytes(blobPath(this.image, digest), digest);
    }
    if (attached.size === 0) return;
    const path = `/v2/${PREFIX}/${this.image}/referrers/${document.digest}`;
    const { manifests } = await this.registry.json<Referrers>(path);
    const listed = manifests.map(({ digest }) => digest);
    expect(listed).toEqual(expect.arrayContaining([...attached.keys()]));
    for (const held of attached.values()) await this.whole({ ...held, attached: new Map() });
  }

  async #bytes(path: string, digest: Digest): Promise<void> {
    expect(digestOf(await this.registry.bytes(path))).toBe(digest);
  }
}
interface Referrers {
  readonly manifests: readonly { readonly digest: string }[];
}

async function created(sent: Promise<Response>): Promise<void> {
  const answer = await sent;
  expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 201, text: '' });
}

/** Pushes images, attaches to some, pulls, and deletes. */
export class Pusher extends Client {
  readonly #here = new Map<Digest, Image>();

  override async pull(): Promise<void> {
    for (const image of this.#here.values()) await this.whole(image);
  }

  async deleteAll(): Promise<void> {
    while (this.#here.size > 0) await this.#delete();
  }

  protected override async work(): Promise<void> {
    await this.#push();
    await this.pull();
    if (this.any(3) > 0) await this.#delete();
    // So that leases, which are short, end while others go on.
    if (this.any(4) === 0) await this.upload(this.layer());
  }

  async #push(): Promise<void> {
    const blobs = [this.layer(), this.layer(), this.layer()];
    const [config, ...layers] = blobs;
    if (!config) return;
    for (const bytes of blobs) await this.upload(bytes);
    const document = imageDocument({ config, layers });
    await created(this.registry.putManifest(this.image, 'latest', document));
    const image = this.#here.get(document.digest) ?? { document, blobs, attached: new Map() };
    this.#here.set(document.digest, image);
    this.pushed += 1;
    if (this.any(2) === 0) await this.attach(image);
  }

  async #delete(): Promise<void> {
    const [image] = this.#here.values();
    if (!image) return;
    const { digest } = image.document;
    this.#here.delete(digest);
    const attached = [...image.attached.keys()];
    const first = this.any(2) === 0 ? attached.splice(0) : [];
    for (const each of first) await this.#gone(each, [202]);
    await this.#gone(digest, [202]);
    // What refers to a deleted image may have gone with it.
    for (const each of attached) await this.#gone(each, [202, 404]);
  }

  async #gone(digest: Digest, statuses: readonly number[]): Promise<void> {
    expect(statuses).toContain((await this.registry.deleteManifest(this.image, digest)).status);
  }
}

/** Moves one tag from image to image, attaches to each, and leaves it to policies to delete those before. */
export class Replacer extends Client {
  #tagged: Image | undefined;
  /** Sent, and not acknowledged yet. */
  #next: Image | undefined;

  override async pull(): Promise<void> {
    if (!this.#tagged) return;
    const digest = digestOf(await this.registry.bytes(manifestPath(this.image, 'latest')));
    if (digest === this.#next?.document.digest) this.#tagged = this.#next;
    this.#next = undefined;
    expect(digest).toBe(this.#tagged.document.digest);
    await this.whole(this.#tagged);
  }

  protected override async work(): Promise<void> {
    const config = this.layer();
    const layer = this.layer();
    await this.upload(config);
    await this.upload(layer);
    const document = imageDocument({ config, layers: [layer] });
    const image: Image = { document, blobs: [config, layer], attached: new Map() };
    this.#next = image;
    await created(this.registry.putManifest(this.image, 'latest', document));
    this.#tagged = image;
    this.#next = undefined;
    this.pushed += 1;
    await this.attach(image);
    await this.pull();
  }
}
