import { setImmediate } from 'node:timers/promises';
import type { FileRef, Found } from '../core/catalog.ts';
import { isNotFound, notFound, type RegistryError } from '../core/error.ts';
import type { MaySee, ResourceName } from '../core/iam.ts';
import { type IndexKey, type IndexKind, type IndexPart, packageOf } from '../core/index-kind.ts';
import { type Answers, NOBODY_ASKED, type Question, tellingOnly } from '../core/question.ts';
import type { FilePart, OpenedFile, Repo } from '../core/repo.ts';
import { asksToLogIn, failureOf, logInFirst, ownershipUnknown, Silence } from './virtual-failures.ts';
import { type MemberPart, mergedPart } from './virtual-part.ts';

/** Names that are looked at in a search before others have their turn. */
const LOT = 100;

/** A repository behind another, as one caller meets it. */
export interface Member {
  readonly id: number;
  readonly name: ResourceName;
  /** All of it: which names are its own, is so for everybody. */
  readonly whole: Repo;
  /** As much of it as the caller may read; nothing where that is nothing. */
  seen(): Promise<Repo | undefined>;
}

export interface VirtualParts {
  readonly name: string;
  /** In the order in which they are asked. */
  members(): Promise<readonly Member[]>;
  /** Whether a member that fails is left out of the answer, which then says so. */
  readonly answerWithout: boolean;
  /** Whether the caller may see more once they say who they are. */
  readonly isAnonymous: boolean;
}

interface View {
  /** What the caller may see of it, beyond what each member says. */
  readonly may: readonly MaySee[];
  /** Whether what comes from other servers is left out. */
  readonly ownOnly: boolean;
}

interface Asked {
  readonly member: Member;
  readonly repo: Repo;
}

/**
 * Several repositories as one: a file is the first member's that has it, an index is made of all of theirs. A name that a
 * member owns is closed to whatever comes from elsewhere through later ones, whether or not that member still has anything of
 * it, answers, or may be read by the caller. Only a member that says it has no such thing lets the next one answer.
 */
export class VirtualRepo implements Repo {
  readonly name: string;
  readonly #parts: VirtualParts;
  readonly #view: View;

  constructor(parts: VirtualParts, view: View = { may: [], ownOnly: false }) {
    this.name = parts.name;
    this.#parts = parts;
    this.#view = view;
  }

  async file(ref: FileRef, part?: FilePart): Promise<OpenedFile> {
    return (await this.#first(ref, part)).opened;
  }

  async touch(ref: FileRef): Promise<void> {
    try {
      await (await this.#first(ref, 'headers')).repo.touch(ref);
    } catch (error) {
      if (!isNotFound(error) && !asksToLogIn(error)) throw error;
    }
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const asked: Asked[] = [];
    for await (const each of this.#answering(packageOf(kind, key))) asked.push(each);
    const answers = await Promise.allSettled(asked.map(({ repo }) => repo.index(kind, key)));
    const silence = new Silence(this.#parts);
    const parts: MemberPart<T>[] = [];
    for (const [at, { member }] of asked.entries()) {
      const answer = answers[at];
      if (answer?.status === 'fulfilled') parts.push({ member, part: answer.value });
      else silence.note(member.name, answer?.reason);
    }
    if (parts.length === 0) throw silence.reason(await this.#absent('INDEX', { key: key.of }));
    return mergedPart(kind, key, parts, silence.without);
  }

  async search(
    words: readonly string[],
    { limit, skip }: { readonly limit: number; readonly skip: number },
  ): Promise<Found> {
    const page = { limit: skip + limit, skip: 0 };
    const found = new Set<string>();
    let total = 0;
    const members = await this.#parts.members();
    for await (const { member, repo } of this.#answering(undefined)) {
      const before = members.slice(0, members.indexOf(member));
      const answer = await repo.search(words, page).catch((error: unknown) => {
        throw failureOf(member.name, error);
      });
      total += answer.total;
      for (const [at, name] of answer.packages.entries()) {
        if (at % LOT === LOT - 1) await setImmediate();
        if (!found.has(name) && (await mayShow(name, member, before))) found.add(name);
        else total -= 1;
      }
    }
    return { packages: [...found].slice(skip, skip + limit), total };
  }

  /**
   * Nobody elsewhere is told of a name that a member owns, whichever order they are in: what is called how among one's own is
   * nobody's business. Of a name whose owner cannot be found out, neither.
   */
  async ask(question: Question): Promise<Answers> {
    if (this.#view.ownOnly) return NOBODY_ASKED;
    const isFree = remembered((pkg) =>
      this.owns(pkg).then(
        (owned) => !owned,
        () => false,
      ),
    );
    const told = tellingOnly(question, isFree);
    const members = await this.#parts.members();
    const heard = await Promise.all(
      members.map(async (member) => (await this.#narrowed(await member.seen())?.ask(told)) ?? NOBODY_ASKED),
    );
    return {
      bodies: heard.flatMap(({ bodies }) => bodies),
      failed: heard.flatMap(({ failed }) => failed),
    };
  }

  seenBy(may: MaySee): Repo {
    return new VirtualRepo(this.#parts, { ...this.#view, may: [...this.#view.may, may] });
  }

  async owns(pkg: string): Promise<boolean> {
    for (const member of await this.#parts.members()) if (await ownedBy(member, pkg)) return true;
    return false;
  }

  own(): Repo {
    return this.#view.ownOnly ? this : new VirtualRepo(this.#parts, { ...this.#view, ownOnly: true });
  }

  /** The first member that has the file. */
  async #first(
    ref: FileRef,
    part: FilePart | undefined,
  ): Promise<{ readonly repo: Repo; readonly opened: OpenedFile }> {
    const silence = new Silence(this.#parts);
    for await (const { member, repo } of this.#answering(ref.coordinates?.package)) {
      try {
        const opened = await repo.file(ref, part);
        if (silence.without.length === 0) return { repo, opened };
        return { repo, opened: { ...opened, without: [...silence.without, ...(opened.without ?? [])] } };
      } catch (error) {
        silence.note(member.name, error);
      }
    }
    throw silence.reason(await this.#absent('FILE', { path: ref.path }));
  }

  async #absent(what: string, details: Record<string, string>): Promise<RegistryError> {
    if (this.#parts.isAnonymous)
      for (const member of await this.#parts.members()) if (!(await member.seen())) return logInFirst();
    return notFound(what, details);
  }

  /** Who is asked for a name, first to last. Whether a member owns it is found out when the next one is wanted. */
  async *#answering(pkg: string | undefined): AsyncGenerator<Asked> {
    const members = await this.#parts.members();
    let closed = this.#view.ownOnly;
    for (const [at, member] of members.entries()) {
      const seen = this.#narrowed(await member.seen());
      const repo = closed ? seen?.own() : seen;
      if (repo) yield { member, repo };
      if (closed || pkg === undefined || !members.slice(at + 1).some(bringsOthers)) continue;
      closed = await ownedBy(member, pkg);
    }
  }

  #narrowed(repo: Repo | undefined): Repo | undefined {
    return this.#view.may.reduce((seen, may) => seen?.seenBy(may), repo);
  }
}

/** What is asked of each name but once. */
function remembered(ask: (pkg: string) => Promise<boolean>): (pkg: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  return (pkg) => {
    const answer = known.get(pkg) ?? ask(pkg);
    known.set(pkg, answer);
    return answer;
  };
}

const bringsOthers = ({ whole }: Member): boolean => whole.own() !== whole;

/** A name is shown of the member that owns it, or of any where none before it does. */
async function mayShow(name: string, member: Member, before: readonly Member[]): Promise<boolean> {
  if (!bringsOthers(member)) return true;
  for (const each of before) if (await ownedBy(each, name)) return ownedBy(member, name);
  return true;
}

/** A failure to say so tells who may not read the member nothing of it. */
async function ownedBy(member: Member, pkg: string): Promise<boolean> {
  try {
    return await member.whole.owns(pkg);
  } catch (error) {
    throw (await member.seen()) ? error : ownershipUnknown(error);
  }
}
