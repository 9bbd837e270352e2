import { type Answer, int64, maybe, message } from '../proto-json.ts';

/** Beyond Google: how much a repository or project may hold. A field that is absent is no limit. */
export const quota = message({ maxBytes: maybe(int64()), maxVersions: maybe(int64()) });
export type Quota = Answer<typeof quota>;
