import type { ByteStream } from '../../core/blob.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import { Base64Decoder } from '../../lib/base64-decoder.ts';
import { handOver, type HandingOver } from '../../lib/hand-over.ts';
import { JsonScanner, type Wish } from '../../lib/json-scanner.ts';
import { Turns } from '../../lib/turns.ts';

const LIMITS = { deepest: 64, longestKey: 1024, mostCollected: 16 * 1024 * 1024 };
const LARGEST_PROVENANCE = 1024 * 1024;
const MOST_ATTACHMENTS = 10;

/** What a client sends to change a package: all of its JSON but the data of attachments. */
export interface SentDocument {
  /** Members other than `versions` and `_attachments`, parsed. */
  readonly head: ReadonlyMap<string, unknown>;
  /** Each version's manifest: the bytes of a JSON value. Nothing when the document has no `versions`. */
  readonly versions?: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

export interface Attachment {
  readonly name: string;
  readonly contentType?: string;
  /** Bytes. */
  readonly size: number;
}

export interface SentPackage<T> {
  readonly document: SentDocument;
  readonly attachments: readonly Attachment[];
  /** What became of the one tarball. */
  readonly stored?: T;
  /** A Sigstore bundle, as the JSON text that was sent. */
  readonly provenance?: string;
}

/**
 * Reads the body of a PUT of a package. The tarball goes to `store` as it arrives, which is called at most once; the rest
 * may be 16 MiB. INVALID_ARGUMENT (BODY_INVALID) for what no client sends, SIZE_LIMIT past a limit. When this fails, so
 * has the stream that `store` reads, and `store` has ended.
 */
export async function readPublish<T>(
  body: ByteStream,
  store: (tarball: ByteStream) => Promise<T>,
): Promise<SentPackage<T>> {
  const parts = new Parts();
  const scanner = new JsonScanner((path) => parts.wishFor(path), LIMITS);
  // Bytes that are here already come without any pause of their own.
  const turns = new Turns();
  let tarball: HandingOver<T> | undefined;
  try {
    for await (const piece of body) {
      scanner.push(piece);
      for (const bytes of parts.decoded()) await (tarball ??= handOver(store)).write(bytes);
      if (turns.isOver(piece.byteLength)) await turns.pass();
    }
    scanner.finish();
    const sent = parts.finish();
    if (parts.hasTarball) tarball ??= handOver(store);
    const stored = await tarball?.end();
    return { ...sent, ...(tarball && { stored: stored as T }) };
  } catch (error) {
    await tarball?.fail(error);
    throw error;
  }
}

/** Collects what the scanner comes to. */
class Parts {
  readonly #head = new Map<string, unknown>();
  readonly #versions = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #attachments = new Map<string, Draft>();
  #hasVersions = false;
  #tarball: string | undefined;
  #decoded: Uint8Array<ArrayBuffer>[] = [];

  get hasTarball(): boolean {
    return this.#tarball !== undefined;
  }

  /** What came of the tarball since it was asked last. */
  decoded(): readonly Uint8Array<ArrayBuffer>[] {
    const decoded = this.#decoded;
    this.#decoded = [];
    return decoded;
  }

  wishFor([top, name, member]: readonly string[]): Wish {
    if (top === undefined) return { kind: 'walk' };
    if (top === 'versions') {
      this.#hasVersions = true;
      if (name === undefined) return { kind: 'walk' };
      return { kind: 'collect', done: (raw) => this.#versions.set(name, raw) };
    }
    if (top !== '_attachments')
      return { kind: 'collect', done: (raw) => this.#head.set(top, JSON.parse(decode(raw))) };
    if (name === undefined) return { kind: 'walk' };
    return this.#wishForAttachment(name, member);
  }

  #wishForAttachment(name: string, member: string | undefined): Wish {
    if (member === undefined) {
      if (this.#attachments.size === MOST_ATTACHMENTS) throw refuse('it has too many attachments');
      this.#attachments.set(name, { size: 0, members: new Map() });
      return { kind: 'walk' };
    }
    const draft = this.#attachments.get(name);
    if (!draft)
      throw new RegistryError('INTERNAL', 'UNEXPECTED', 'an attachment has members before it begins');
    if (member === 'data') return name.endsWith('.sigstore') ? bundle(draft) : this.#base64(name, draft);
    return { kind: 'collect', done: (raw) => draft.members.set(member, JSON.parse(decode(raw))) };
  }

  #base64(name: string, draft: Draft): Wish {
    if (!name.endsWith('.tgz')) throw refuse(`${shown(name)} is neither a .tgz nor a .sigstore attachment`);
    if (this.#tarball !== undefined)
      throw refuse('it has more than one tarball: publish one version at a time');
    this.#tarball = name;
    const decoder = new Base64Decoder();
    return {
      kind: 'stream',
      piece: (content) => {
        const bytes = decoder.push(content);
        draft.size += bytes.byteLength;
        if (bytes.byteLength > 0) this.#decoded.push(bytes);
      },
      end: () => {
        decoder.finish();
        draft.hasData = true;
      },
    };
  }

  finish(): Omit<SentPackage<never>, 'stored'> {
    const attachments = [...this.#attachments].map(([name, draft]) => attachmentOf(name, draft));
    const [provenance, ...more] = [...this.#attachments.values()].flatMap(({ text }) => text ?? []);
    if (more.length > 0) throw refuse('it has more than one .sigstore attachment');
    return {
      document: { head: this.#head, ...(this.#hasVersions && { versions: this.#versions }) },
      attachments,
      ...(provenance !== undefined && { provenance }),
    };
  }
}

/** An attachment of which not everything has come yet. */
interface Draft {
  size: number;
  hasData?: boolean;
  /** What `data` says where it is text. */
  text?: string;
  readonly members: Map<string, unknown>;
}

/** A signed statement is sent as text that is JSON itself. */
function bundle(draft: Draft): Wish {
  const parts: Uint8Array[] = [];
  return {
    kind: 'stream',
    piece: (content) => {
      draft.size += content.byteLength;
      if (draft.size > LARGEST_PROVENANCE)
        throw new RegistryError(
          'INVALID_ARGUMENT',
          'SIZE_LIMIT',
          `the provenance is larger than ${LARGEST_PROVENANCE} bytes`,
        );
      parts.push(content.slice());
    },
    end: () => {
      draft.hasData = true;
      draft.text = provenanceText(Buffer.concat(parts));
    },
  };
}

function provenanceText(bytes: Uint8Array): string {
  try {
    const text = decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text;
  } catch {
    // The refusal below says it.
  }
  throw refuse('its .sigstore attachment is not a JSON object');
}

function attachmentOf(name: string, { size, hasData, text, members }: Draft): Attachment {
  const [length, contentType] = [members.get('length'), members.get('content_type')];
  if (!hasData) throw refuse(`its attachment ${shown(name)} has no data`);
  // Clients count the characters of a bundle, not its bytes.
  if (text === undefined && length !== undefined && length !== size)
    throw refuse(`its attachment ${shown(name)} has ${size} bytes, not ${shown(length)}`);
  return { name, size, ...(typeof contentType === 'string' && { contentType }) };
}

const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const shown = (value: unknown): string => (JSON.stringify(value) ?? '').slice(0, 240);
const refuse = (why: string): RegistryError => invalid('BODY_INVALID', `the body is no package: ${why}`);
