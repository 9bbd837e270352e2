import type { Body, ByteRange, CommittedBlob, Digest } from '../core/blob.ts';
import type { FileRef, StoredFile } from '../core/catalog.ts';
import type { CopyState } from '../core/copies.ts';
import { type Download, HELD_BYTES } from '../core/downloads.ts';
import { notFound, RegistryError } from '../core/error.ts';
import type { FetchedVersion, ListedFileOrPath } from '../core/format.ts';
import type { IndexReader } from '../core/index-kind.ts';
import type { CacheState, FilePart, OpenedFile } from '../core/repo.ts';
import { NO_LIMIT, type UpstreamFound } from '../core/upstream.ts';
import { isQuotaExceeded } from '../lib/quota-exceeded.ts';
import { absentNow, absentStill } from './absence.ts';
import { askForFile } from './ask-for-file.ts';
import { type Answered, broken, freshen } from './freshness.ts';
import { locateFile } from './locate-file.ts';
import type { RemoteParts } from './remote-parts.ts';
import { fetchWhole, requireFound } from './require-found.ts';
import type { SafetyGate } from './safety-gate.ts';
import { subjectOf } from './safety-subject.ts';
import { type LetIn, ShortFiles } from './short-files.ts';
import { Sightings } from './sightings.ts';
import { validatorsOf } from './validators.ts';
import { promised, requireChecksums, strongest } from './verified.ts';

/** Files of an upstream: copied when they are first asked for, and then read like any other. */
export class RemoteFiles {
  readonly #parts: RemoteParts;
  readonly #gate: SafetyGate;
  readonly #sightings: Sightings;
  /** Indexes as the upstream has them, so that a refusal can say why. */
  readonly #indexes: IndexReader;
  readonly #short: ShortFiles;

  constructor(parts: RemoteParts, gate: SafetyGate, indexes: IndexReader) {
    this.#parts = parts;
    this.#gate = gate;
    this.#sightings = new Sightings(parts, gate);
    this.#indexes = indexes;
    this.#short = new ShortFiles(parts, {
      open: (ref, located) => this.#open(ref, located, undefined),
      download: (ref, located, first, letIn) => this.#download(ref, located, first, letIn),
      judge: async (ref, located, blob, headers, bytes) => {
        const adopted = await this.#adopted(ref, located, blob, headers, async () => bytes);
        await this.#sightings.admit(ref, blob.digest, located);
        return adopted;
      },
    });
  }

  async file(ref: FileRef, part: FilePart = 'all'): Promise<OpenedFile> {
    this.#gate.requireName(subjectOf(this.#parts.format, ref));
    const held = await this.#parts.stored.file(ref);
    // What it is only its content tells, so that is fetched whoever asks.
    const isOpaque = ref.contentType === undefined;
    if (ref.freshness === 'revalidate' && (held || isOpaque)) return this.#current(ref, held);
    const unkept = held ? undefined : this.#short.find(ref);
    if (unkept) {
      this.#sightings.requireHeld(ref, unkept.digest);
      return this.#short.opened(ref, unkept, 'hit');
    }
    if (!held) return part === 'all' || isOpaque ? this.#fetched(ref) : this.#asked(ref);
    const { copies, repositoryId, now } = this.#parts;
    this.#sightings.requireHeld(ref, held.blob.digest);
    const validatedAt = copies.state(repositoryId, `file ${ref.path}`)?.validatedAt ?? now();
    return this.#copy(held, { outcome: 'hit', validatedAt });
  }

  /** The same for somebody who wants to know whether it is there, and how large. */
  async #asked(ref: FileRef): Promise<OpenedFile> {
    this.#refuseAbsent(ref);
    const located = await this.#locate(ref);
    await this.#sightings.requireListed(ref, located, () => this.#find(ref, located));
    const size = await this.#find(ref, located);
    const digest = promised(located.checksums);
    if (digest) this.#sightings.requireAnnounced(ref, digest);
    const open = async (range?: ByteRange): Promise<Body> => (await this.#fetched(ref)).open(range);
    return { file: ref, size, digest, cache: { outcome: 'asked', validatedAt: this.#parts.now() }, open };
  }

  /** Something that is not here yet. */
  async #fetched(ref: FileRef): Promise<OpenedFile> {
    const { now, settings, stored } = this.#parts;
    this.#refuseAbsent(ref);
    const located = await this.#locate(ref);
    await this.#sightings.requireListed(ref, located, () => this.#find(ref, located));
    // What it is only its content tells, so nothing is said of it before.
    const whole = ref.contentType === undefined;
    // What rules ask of a copy later is known only once it is kept.
    const isRuled = this.#gate.active || settings.rules.pinFirstSeen;
    const mayWait = !isRuled && this.#short.maybe(ref, located);
    const download = await (mayWait ? this.#short.fetch(ref, located) : this.#download(ref, located));
    if (download && 'bytes' in download) return this.#short.opened(ref, download, 'miss');
    const cache: CacheState = { outcome: 'miss', validatedAt: now() };
    // Nobody gets the first byte of it any earlier.
    const isHeld = (download?.size ?? Number.POSITIVE_INFINITY) <= HELD_BYTES;
    if (!download || whole || isHeld) {
      await download?.kept.catch((error: unknown) => {
        throw broken(error);
      });
      const kept = await stored.file(ref);
      if (kept) return this.#copy(kept, download ? cache : { outcome: 'hit', validatedAt: now() });
    }
    if (!download || whole) throw gone(ref);
    const unkept: CacheState = { outcome: 'asked', validatedAt: now() };
    const digest = promised(located.checksums) ?? download.digest;
    return growing(ref, download, isHeld ? unkept : cache, digest);
  }

  /** `first` is what the upstream has answered already, and `letIn` that it may come in. */
  #download(
    ref: FileRef,
    located: ListedFileOrPath,
    first?: UpstreamFound,
    letIn?: LetIn,
  ): Promise<Download | undefined> {
    const { downloads, format, repositoryId, stored } = this.#parts;
    const whole = ref.contentType === undefined;
    let unused = first;
    return downloads.fetch({
      repositoryId,
      what: `file ${ref.path}`,
      expected: { checksums: strongest(located.checksums) },
      algorithms: format.algorithms ?? [],
      limit: whole ? format.wholeUpTo : NO_LIMIT,
      isKept: async () => (await stored.file(ref)) !== undefined,
      open: async (from) => {
        const answer = from ? undefined : unused;
        unused = from ? unused : undefined;
        return answer ?? this.#open(ref, located, from);
      },
      keep: (blob, headers) =>
        letIn ? this.#name(ref, located, blob, headers, letIn) : this.#keep(ref, located, blob, headers),
      // Nobody has to wait until there is room again.
      ...(!whole && { isGoodUnkept: isQuotaExceeded }),
    });
  }

  /** Something that may be another by now. */
  async #current(ref: FileRef, held: StoredFile | undefined): Promise<OpenedFile> {
    const { copies, format, memory, now, patienceMs, repositoryId, settings, stored, unnoticed } =
      this.#parts;
    const what = `file ${ref.path}`;
    // Since when it is there is so whatever it has become; of a tag it is not.
    if (held && ref.tag === undefined) this.#sightings.requireHeld(ref, held.blob.digest);
    const state = copies.state(repositoryId, what);
    const freshness = {
      held: held !== undefined,
      state,
      maxAge: settings.fileMaxAge ?? format.maxAge,
      staleWhileRevalidate: settings.staleWhileRevalidate,
      patienceMs,
      now,
      unnoticed,
    };
    let fetching: Download | undefined;
    const cache = await freshen(freshness, async () => {
      const asked = await memory.once(`${repositoryId} ${what}`, () => this.#ask(ref, held, state));
      ({ download: fetching } = asked);
      return asked.outcome;
    });
    if (fetching) return growing(ref, fetching, cache);
    const copy = await stored.file(ref);
    if (!copy) throw gone(ref);
    this.#sightings.requireHeld(ref, copy.blob.digest);
    return this.#copy(copy, cache);
  }

  /** Finds out whether the upstream has what we have, and takes what it has instead. */
  async #ask(ref: FileRef, held: StoredFile | undefined, state: CopyState | undefined): Promise<Asked> {
    const { copies, downloads, format, now, repositoryId, stored } = this.#parts;
    this.#refuseAbsent(ref);
    const located = await this.#locate(ref);
    const what = `file ${ref.path}`;
    const validated = (headers: Headers) =>
      copies.validated(repositoryId, what, { ...validatorsOf(headers), validatedAt: now() });
    const limit = ref.contentType === undefined ? format.wholeUpTo : NO_LIMIT;
    const request = { ...located, maxBytes: limit };
    const purges = copies.purges(repositoryId);
    // What was on its way when all was forgotten may be what it was forgotten for.
    const isPurged = () => copies.purges(repositoryId) !== purges;
    const again = async () => this.#ask(ref, await stored.file(ref), undefined);

    if (held && format.announced) {
      const answer = await askForFile(this.#parts, ref, { ...request, method: 'HEAD' });
      if (answer.kind === 'missing') throw this.#absent(ref);
      if (answer.kind === 'found') await answer.body.cancel();
      const announced = format.announced(answer.headers);
      if (announced === held.blob.digest) {
        if (isPurged()) return again();
        await validated(answer.headers);
        return { outcome: 'revalidated' };
      }
      if (announced) this.#sightings.requireAnnounced(ref, announced);
    }
    const conditional = held && state && !format.announced;
    const first = await askForFile(this.#parts, ref, {
      ...request,
      ...(conditional && { validators: state }),
    });
    if (first.kind === 'missing') throw this.#absent(ref);
    if (first.kind === 'unchanged') {
      if (isPurged()) return again();
      await validated(first.headers);
      return { outcome: 'revalidated' };
    }
    let unused: UpstreamFound | undefined = first;
    let isFollowed = false;
    const download = await downloads.fetch({
      repositoryId,
      what,
      expected: { checksums: strongest(located.checksums) },
      algorithms: format.algorithms ?? [],
      limit,
      isKept: async () => {
        const current = await stored.file(ref);
        return current !== undefined && current.blob.digest !== held?.blob.digest;
      },
      open: async (from) => {
        const answer = from ? undefined : unused;
        unused = from ? unused : undefined;
        return answer ?? this.#open(ref, located, from);
      },
      keep: (blob, headers) => this.#keep(ref, located, blob, headers),
      isGoodUnkept: (cause) => isFollowed && isQuotaExceeded(cause),
    });
    const isLong = (download?.size ?? Number.POSITIVE_INFINITY) > HELD_BYTES;
    isFollowed = ref.contentType !== undefined && isLong;
    await unused?.body.cancel();
    // Nobody waits for all of a long one whose kind is known.
    if (download && isFollowed) return { outcome: 'miss', download };
    await download?.kept;
    return isPurged() ? again() : { outcome: 'miss' };
  }

  #locate(ref: FileRef): Promise<ListedFileOrPath> {
    return locateFile(ref, this.#parts, this.#gate, this.#indexes);
  }

  async #open(
    ref: FileRef,
    located: ListedFileOrPath,
    from: { readonly offset: number; readonly ifRange?: string } | undefined,
  ): Promise<UpstreamFound> {
    const { target, headers } = located;
    const answer = await askForFile(this.#parts, ref, {
      target,
      maxBytes: NO_LIMIT,
      ...(headers && { headers }),
      ...(from && { from }),
    });
    return requireFound(answer, () => this.#absent(ref));
  }

  async #keep(ref: FileRef, located: ListedFileOrPath, blob: CommittedBlob, headers: Headers): Promise<void> {
    const { bodies, now } = this.#parts;
    const adopted = await this.#adopted(ref, located, blob, headers, async (range) =>
      bodies.open(blob, range),
    );
    await this.#sightings.admit(ref, blob.digest, located);
    await this.#name(ref, located, blob, headers, { adopted, at: now() });
  }

  /** What it makes, if it is what it should be. */
  #adopted(
    ref: FileRef,
    located: ListedFileOrPath,
    blob: CommittedBlob,
    headers: Headers,
    open: (range?: ByteRange) => Promise<Body>,
  ): Promise<FetchedVersion | undefined> {
    const { format, settings, upstream } = this.#parts;
    requireChecksums(format.promised?.(headers) ?? [], blob.checksums);
    return format.adopt(
      {
        ref,
        blob,
        headers,
        ...(located.version !== undefined && { listed: { ...located, version: located.version } }),
        read: async (limit) => {
          if (blob.size > limit)
            throw new RegistryError('DATA_LOSS', 'SIZE_LIMIT', `it is larger than ${limit} bytes`);
          return new Uint8Array(await new Response(await open()).arrayBuffer());
        },
        open,
        beside: (target, limit) => fetchWhole(upstream, target, limit),
      },
      this.#indexes,
      settings,
    );
  }

  async #name(
    ref: FileRef,
    located: ListedFileOrPath,
    blob: CommittedBlob,
    headers: Headers,
    { adopted, at }: LetIn,
  ): Promise<void> {
    const { stored } = this.#parts;
    const state = { ...validatorsOf(headers), validatedAt: at };
    const sighting = this.#sightings.of(ref, blob.digest, located, state);
    if (!adopted) return stored.link({ ...ref, blob }, sighting);
    const { file = ref, tags = [], ...version } = adopted;
    await stored.publish({
      ...version,
      sighting,
      // Found by its name.
      searchText: '',
      files: [{ ...file, blob }],
      partial: true,
      tags: ref.tag === undefined ? tags : [...tags, ref.tag],
      // Of a version of several files, one comes after another; what may change has changed there first.
      onConflict: ref.freshness === 'revalidate' && ref.tag === undefined ? 'renew' : 'extend',
    });
  }

  #copy({ blob, checksums, ...file }: StoredFile, cache: CacheState): OpenedFile {
    const { bodies } = this.#parts;
    return {
      file,
      size: blob.size,
      digest: blob.digest,
      ...(checksums && { checksums }),
      cache,
      open: (range) => bodies.open(blob, range),
    };
  }

  /** Asks only whether it is there; answers how large it is, where the upstream says. */
  async #find(ref: FileRef, { target, headers }: ListedFileOrPath): Promise<number | undefined> {
    const request = { target, method: 'HEAD', maxBytes: NO_LIMIT, ...(headers && { headers }) } as const;
    const answer = await askForFile(this.#parts, ref, request);
    if (answer.kind === 'missing') throw this.#absent(ref);
    if (answer.kind === 'unchanged') return undefined;
    await answer.body.cancel();
    return answer.size;
  }

  #refuseAbsent(ref: FileRef): void {
    const { copies, memory, now, repositoryId } = this.#parts;
    const known = { now: now(), purges: copies.purges(repositoryId) };
    const until = memory.absentUntil(`${repositoryId} file ${ref.path}`, known);
    if (until !== undefined) throw absentStill(notFound('FILE', { path: ref.path }), this.#parts, until);
  }

  /** Remembers that the upstream said that it does not have something. */
  #absent({ path }: FileRef): RegistryError {
    const { copies, memory, now, repositoryId, settings } = this.#parts;
    memory.noteAbsent(`${repositoryId} file ${path}`, {
      until: now() + settings.notFoundMaxAge * 1_000,
      purges: copies.purges(repositoryId),
    });
    return absentNow(notFound('FILE', { path }), this.#parts);
  }
}

/** What became of asking: where there is other content, it may still be on its way. */
interface Asked {
  readonly outcome: Answered;
  readonly download?: Download;
}

/** A file that is read while it comes. */
function growing(ref: FileRef, download: Download, cache: CacheState, digest?: Digest): OpenedFile {
  // Whoever reads it learns of that.
  download.kept.catch(() => undefined);
  return {
    file: ref,
    size: download.size,
    ...(download.checksums.length > 0 && { checksums: download.checksums }),
    digest,
    cache,
    open: async (range) => download.follow(range),
  };
}

/** What was purged at once is not something that the upstream does not have. */
const gone = ({ path }: FileRef): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', `${path} did not stay; ask again`);
