import { join } from 'node:path';
import { succeed } from '../load/oci-client.ts';
import { launch } from './process.ts';
import { type Place, placeFor, type Running } from './server.ts';

/** A registry elsewhere, with the packages of an application and one blob. */
export interface Upstream extends Running {
  /** Address of its npm registry. */
  readonly registry: string;
  /** Milliseconds that pass before each answer, as they do where a registry is not on this machine. */
  delay(ms: number): Promise<void>;
  /** Puts a blob that nobody has seen in place of the one that is there; answers its digest. */
  freshBlob(size: number): Promise<string>;
  /** How often that blob was asked for. */
  blobRequests(): Promise<number>;
}

/** What the packages are called; each needs two that come later, so that the first needs all. */
export const namesOf = (packages: number): readonly string[] =>
  Array.from({ length: packages }, (_, at) => `part-${at}`);

export async function startUpstream(within: Place, packages: number): Promise<Upstream> {
  const place = await placeFor('upstream', within);
  const program = join(import.meta.dir, 'upstream-program.ts');
  const started = await launch({
    command: [process.execPath, program, String(packages)],
    place,
    announces: /upstream listening on (http:\/\/\S+)/,
  });
  const url = started.announced;
  const control = async (query: string) => {
    const answer = await succeed(new URL(`${url}/control?${query}`), {});
    return (await answer.json()) as { readonly digest: string; readonly requests: number };
  };
  return {
    name: 'direct',
    url,
    pid: started.pid,
    registry: `${url}/npm/`,
    delay: async (ms) => void (await control(`delay=${ms}`)),
    freshBlob: async (size) => (await control(`blob=${size}`)).digest,
    blobRequests: async () => (await control('')).requests,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
