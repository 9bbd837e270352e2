/** Whether something may be known of a package by its name. */
export type MayTell = (pkg: string) => Promise<boolean>;

/** What a client wants to know of packages that only servers elsewhere can say. It tells them what is installed. */
export interface Question {
  /** Where upstreams are asked, with POST: a path below their address, without a slash in front. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A body that tells of the packages that it may and of no others; nothing where none is left. Refuses a question that is none. */
  about(may: MayTell): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Largest answer that is taken, decoded. */
  readonly maxBytes: number;
}

/** What was said to a question. Nothing of it is kept. */
export interface Answers {
  /** Of those who were asked, the earlier member's before the later's. */
  readonly bodies: readonly Uint8Array<ArrayBuffer>[];
  /** Names of the repositories whose upstream should have been asked and gave no answer. */
  readonly failed: readonly string[];
}

export const NOBODY_ASKED: Answers = { bodies: [], failed: [] };

/** The same question, which tells less. */
export const tellingOnly = (question: Question, may: MayTell): Question => ({
  ...question,
  about: (alsoMay) => question.about(async (pkg) => (await may(pkg)) && alsoMay(pkg)),
});
