import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Body } from '../core/blob.ts';
import type { CopyState } from '../core/copies.ts';
import type { DocumentAddress, StoredDocument } from '../core/documents.ts';
import { isNotFound, notFound, RegistryError } from '../core/error.ts';
import type {
  IndexKey,
  IndexKind,
  IndexPart,
  IndexReader,
  UpstreamIndex,
  UpstreamTarget,
} from '../core/index-kind.ts';
import type { CacheState } from '../core/repo.ts';
import type { UpstreamFound } from '../core/upstream.ts';
import { absentNow, absentStill } from './absence.ts';
import { type Answered, broken, freshen } from './freshness.ts';
import { zipped } from './made-document.ts';
import { type IndexBody, readIndex, receive, type UnkeptIndex, urlText } from './read-index.ts';
import type { RemoteParts } from './remote-parts.ts';
import type { ReadIndex } from './remote-memory.ts';
import type { SafetyGate } from './safety-gate.ts';
import { validatorsOf } from './validators.ts';

const unzipped = promisify(gunzip);

/** Times that an index is asked for when it is purged each time. */
const MOST_ASKED = 3;

/** An index of an upstream, and what is known of it here. */
interface Wanted<T> {
  readonly kind: IndexKind<T>;
  readonly upstream: UpstreamIndex<T>;
  readonly key: IndexKey;
  readonly target: UpstreamTarget;
  readonly at: DocumentAddress;
  /** Among what the upstream said. */
  readonly what: string;
}

/** An index that is here. */
interface Held {
  readonly source: string;
  readonly state: CopyState | undefined;
  readonly body: () => Promise<IndexBody>;
}

/** Indexes of an upstream: kept as it sent them, and asked about again when they are too old. */
export class RemoteIndexes implements IndexReader {
  readonly #parts: RemoteParts;
  readonly #gate: SafetyGate;
  /** Answers from what was copied. */
  readonly #copied: IndexReader;

  constructor(parts: RemoteParts, gate: SafetyGate, copied: IndexReader) {
    this.#parts = parts;
    this.#gate = gate;
    this.#copied = copied;
  }

  /** As the upstream has it, whatever the rules say. */
  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const { upstream } = kind;
    const target = upstream?.target(key, this.#parts.settings);
    if (!upstream || !target) return this.#copied.index(kind, key);
    const pkg = upstream.package?.(key);
    if (pkg !== undefined) this.#gate.requireName({ package: pkg });
    const text = JSON.stringify([pkg ?? '', target.target]);
    const { repositoryId } = this.#parts;
    const at = { repositoryId, kind: kind.name, key: text, form: 'upstream' };
    const wanted = { kind, upstream, key, target, at, what: `index ${kind.name} ${text}` };
    try {
      for (let asked = 0; asked < MOST_ASKED; asked += 1) {
        const cache = await this.#freshened(wanted);
        const held = this.#held(wanted);
        // Else it was purged just now.
        if (held) return this.#part(wanted, held, cache);
      }
      throw gone();
    } catch (error) {
      if (!isNotFound(error)) return this.#knownAbsent(wanted, error);
      // What was copied of it before it went stays what it is.
      return this.#copied.index(kind, key).catch((none: unknown) => {
        throw isNotFound(none) ? error : none;
      });
    }
  }

  /** Where the upstream had no such index when it last answered, what was copied is also all there is while it fails. */
  async #knownAbsent<T>({ kind, key, what }: Wanted<T>, failure: unknown): Promise<IndexPart<T>> {
    const { copies, memory, repositoryId } = this.#parts;
    const wasAbsent = memory.wasAbsent(`${repositoryId} ${what}`, copies.purges(repositoryId));
    if (!wasAbsent || !(failure instanceof RegistryError) || failure.code !== 'UNAVAILABLE') throw failure;
    try {
      return await this.#copied.index(kind, key);
    } catch (error) {
      // That nothing is known of it here does not say that it is nowhere.
      throw isNotFound(error) ? failure : error;
    }
  }

  /** What is known of an index here: what was just answered counts before it is kept. */
  #held<T>(wanted: Wanted<T>): Held | undefined {
    const { at, what } = wanted;
    const { copies, documents, memory, repositoryId } = this.#parts;
    const unkept = memory.unkept.find(`${repositoryId} ${what}`, copies.purges(repositoryId));
    if (unkept) return { source: unkept.source, state: unkept.state, body: async () => unkept };
    const document = documents.find(at);
    if (!document) return undefined;
    const { blob, layouts, source } = document;
    const held = { source, state: copies.state(repositoryId, what) };
    if (blob) return { ...held, body: () => this.#body(layouts, async () => this.#parts.bodies.open(blob)) };
    // Before another takes its place.
    const isRead = memory.hasIndex(idOf(wanted, source));
    const bytes = isRead ? undefined : documents.bytes(document);
    if (!isRead && !bytes) return undefined;
    return {
      ...held,
      body: () =>
        this.#body(layouts, async () => {
          const read = bytes ?? documents.bytes(document);
          if (!read) throw gone();
          return read;
        }),
    };
  }

  #freshened<T>(wanted: Wanted<T>): Promise<CacheState> {
    const { copies, memory, now, patienceMs, repositoryId, settings, unnoticed } = this.#parts;
    const held = this.#held(wanted);
    const freshness = {
      held: held !== undefined,
      state: held?.state,
      maxAge: settings.indexMaxAge ?? wanted.upstream.maxAge,
      staleWhileRevalidate: settings.staleWhileRevalidate,
      patienceMs,
      now,
      unnoticed,
    };
    // Who comes after a purge wants what the upstream has after it.
    const once = `${repositoryId} ${copies.purges(repositoryId)} ${wanted.what}`;
    return freshen(freshness, () => memory.once(once, () => this.#ask(wanted)));
  }

  async #ask<T>(wanted: Wanted<T>): Promise<Answered> {
    const { copies, memory, now, repositoryId, settings, upstream } = this.#parts;
    const { target, what } = wanted;
    const purges = copies.purges(repositoryId);
    const id = `${repositoryId} ${what}`;
    const absent = () => notFound('INDEX', { key: wanted.key.of });
    const until = memory.absentUntil(id, { now: now(), purges });
    if (until !== undefined) throw absentStill(absent(), this.#parts, until);
    await memory.unkept.settled(id);
    const held = this.#held(wanted);
    const validators = held?.state;
    const answer = await upstream.fetch({
      ...target,
      maxBytes: wanted.upstream.maxBytes,
      compressed: true,
      ...(validators && { validators }),
    });
    // What was on its way when all was forgotten may be what it was forgotten for.
    if (copies.purges(repositoryId) !== purges) {
      if (answer.kind === 'found') await answer.body.cancel();
      return this.#ask(wanted);
    }
    if (answer.kind === 'missing') {
      memory.noteAbsent(id, { until: now() + settings.notFoundMaxAge * 1_000, purges });
      throw absentNow(absent(), this.#parts);
    }
    memory.noteFound(id);
    if (answer.kind === 'unchanged') {
      const state = { ...validators, ...validatorsOf(answer.headers), validatedAt: now() };
      await copies.validated(repositoryId, what, state);
      return 'revalidated';
    }
    return this.#take(wanted, answer, { held, purges });
  }

  /** Reads what the upstream sent, which is good to be answered as soon as that could be done, and kept behind the answer. */
  async #take<T>(
    wanted: Wanted<T>,
    answer: UpstreamFound,
    { held, purges }: { readonly held: Held | undefined; readonly purges: string },
  ): Promise<Answered> {
    const { company, copies, memory, now, repositoryId, unnoticed } = this.#parts;
    const { bytes, digest } = await receive(answer.body, wanted.upstream.maxBytes);
    const state = { ...validatorsOf(answer.headers), validatedAt: now() };
    if (digest === held?.source) {
      await copies.validated(repositoryId, wanted.what, state);
      return 'revalidated';
    }
    const body = { bytes, url: urlText(answer.url) };
    await this.#remembered(wanted, digest, async () => body).catch((error: unknown) => {
      throw broken(error);
    });
    const contentType = answer.headers.get('content-type') ?? 'application/octet-stream';
    const unkept = { source: digest, ...body, state, purges };
    const keep = () => this.#keep(wanted, unkept, contentType).catch(unnoticed);
    await memory.unkept.add(`${repositoryId} ${wanted.what}`, unkept, () =>
      company.add(keep, bytes.byteLength),
    );
    return 'miss';
  }

  async #keep<T>({ at, what }: Wanted<T>, index: UnkeptIndex, contentType: string) {
    const { source, bytes, url, state, purges } = index;
    const coded = await zipped(bytes);
    const bodies = { gzip: [0, coded.byteLength] as const };
    const layouts = [{ variant: url, contentType, etag: source, bodies }];
    await this.#parts.documents.keepCopy(at, { source, layouts }, [coded], { what, state, purges });
  }

  /** The index, read at most once while it is remembered. */
  #remembered<T>(wanted: Wanted<T>, source: string, bytes: () => Promise<IndexBody>): Promise<ReadIndex<T>> {
    return this.#parts.memory.index(idOf(wanted, source), () => readIndex(wanted, bytes));
  }

  #part<T>(wanted: Wanted<T>, { source, body }: Held, cache: CacheState): IndexPart<T> {
    const read = () => this.#remembered(wanted, source, body);
    return {
      source,
      value: async () => (await read()).value,
      listing: async () => (await read()).listing(),
      cache,
    };
  }

  async #body(layouts: StoredDocument['layouts'], open: () => Promise<Body>): Promise<IndexBody> {
    const bytes = new Uint8Array(await unzipped(await new Response(await open()).arrayBuffer()));
    return { bytes, url: layouts[0]?.variant ?? '' };
  }
}

/** What an index is known by once it was read. */
const idOf = <T>({ at, key }: Wanted<T>, source: string): string =>
  JSON.stringify([at.repositoryId, at.kind, at.key, key, source]);

const gone = (): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'the index did not stay; ask again');
