import type { Digest } from '../core/blob.ts';
import type { FileRef } from '../core/catalog.ts';
import type { CopyState, Sighting } from '../core/copies.ts';
import { RegistryError } from '../core/error.ts';
import type { ListedFileOrPath } from '../core/format.ts';
import type { RemoteParts } from './remote-parts.ts';
import type { SafetyGate } from './safety-gate.ts';
import { subjectOf } from './safety-subject.ts';

type Parts = Pick<RemoteParts, 'copies' | 'format' | 'now' | 'repositoryId' | 'settings'>;

/** What was seen of an upstream's files, held to rules about what they were first, and since when. */
export class Sightings {
  readonly #parts: Parts;
  readonly #gate: SafetyGate;

  constructor(parts: Parts, gate: SafetyGate) {
    this.#parts = parts;
    this.#gate = gate;
  }

  /** Refuses what came where it is not what it was first, or has not been out for long enough. */
  async admit(ref: FileRef, digest: Digest, located: ListedFileOrPath): Promise<void> {
    const { copies, now, repositoryId, settings } = this.#parts;
    this.#requirePinned(ref, copies.firstSeen(repositoryId, ref.path)?.digest, digest);
    const at = located.publishedAt ?? now();
    if (settings.noCache && settings.rules.pinFirstSeen)
      await copies.see(repositoryId, ref.path, { digest, at });
    if (ref.tag === undefined || !this.#gate.asksAge) return;
    const meant = await copies.see(repositoryId, meaning(ref, digest), { digest, at });
    this.#gate.require({ ...subjectOf(this.#parts.format, ref), publishedAt: meant.at });
  }

  /** What is noted of a copy as soon as it is one. */
  of(ref: FileRef, digest: Digest, located: ListedFileOrPath, state: CopyState): Sighting {
    const seen = { digest, at: located.publishedAt ?? this.#parts.now() };
    return { path: ref.path, ...(ref.tag !== undefined && { meaning: meaning(ref, digest) }), seen, state };
  }

  /** Refuses what an upstream says that a tag means, as far as it can be judged before it is fetched. */
  requireAnnounced(ref: FileRef, digest: Digest): void {
    const { copies, repositoryId } = this.#parts;
    this.#requirePinned(ref, copies.firstSeen(repositoryId, ref.path)?.digest, digest);
    if (copies.firstSeen(repositoryId, meaning(ref, digest))) this.requireHeld(ref, digest);
  }

  /** Refuses a copy that the rules would not let in now. */
  requireHeld(ref: FileRef, digest: Digest): void {
    if (!this.#gate.active) return;
    const { copies, format, repositoryId } = this.#parts;
    const path = ref.tag === undefined ? ref.path : meaning(ref, digest);
    const seen = copies.firstSeen(repositoryId, path);
    this.#gate.require({ ...subjectOf(format, ref), ...(seen && { publishedAt: seen.at }) });
  }

  /**
   * Refuses what an index named and the rules keep out. Where nobody says when it came out, it counts from when it was first
   * known here that it is there; `find` asks the upstream and fails when it is not.
   */
  async requireListed(ref: FileRef, located: ListedFileOrPath, find: () => Promise<unknown>): Promise<void> {
    const { copies, format, now, repositoryId } = this.#parts;
    const subject = subjectOf(format, ref, located);
    let at = located.publishedAt ?? copies.firstSeen(repositoryId, ref.path)?.at;
    if (at === undefined && this.#gate.asksAge && subject.version !== undefined) {
      this.#gate.requireName(subject);
      await find();
      ({ at } = await copies.see(repositoryId, ref.path, { at: now() }));
    }
    this.#gate.require({ ...subject, ...(at !== undefined && { publishedAt: at }) });
  }

  #requirePinned({ path }: FileRef, first: Digest | undefined, digest: Digest): void {
    if (!this.#parts.settings.rules.pinFirstSeen || first === undefined || first === digest) return;
    throw new RegistryError(
      'PERMISSION_DENIED',
      'DIGEST_CHANGED',
      `${path} is ${digest} at the upstream, and was ${first} when it was first seen here: ` +
        'it is refused while the repository pins what it has seen',
      { details: { path, digest, first } },
    );
  }
}

/** What a path has come to mean, to be remembered by when it first did. */
const meaning = ({ path }: FileRef, digest: Digest): string => `${path}@${digest}`;
