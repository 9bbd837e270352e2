import { readJsonObject, writeJsonObject } from '../settings/files.ts';

const PRIVATE = 0o600;

/** Uploads that may go on another time, by what they are of. */
export class UploadSessions {
  readonly #path: string;
  /** One change after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async find(what: string): Promise<string | undefined> {
    const session = (await readJsonObject(this.#path))[what];
    return typeof session === 'string' ? session : undefined;
  }

  /** Without a session, there is none any more. */
  keep(what: string, session: string | undefined): Promise<void> {
    const change = this.#last.then(async () => {
      const { [what]: _, ...others } = await readJsonObject(this.#path);
      await writeJsonObject(
        this.#path,
        session === undefined ? others : { ...others, [what]: session },
        PRIVATE,
      );
    });
    this.#last = change.catch(() => undefined);
    return change;
  }
}
