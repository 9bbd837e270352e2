import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

/** Where servers of one scenario live, and until when at most. */
export interface Place {
  /** Directory for their data. */
  readonly directory: string;
  /** Ends them all, whatever is going on. */
  readonly signal: AbortSignal;
}

/** A server that runs now, alone on its port, with its data below the bench's directory. */
export interface Running extends AsyncDisposable {
  readonly name: string;
  /** Origin, without a trailing slash. */
  readonly url: string;
  readonly pid: number;
}

/** A running server that speaks the OCI distribution protocol. */
export interface Registry extends Running {
  /** Full repository name of an image called `image`: what stands after `/v2/`. */
  repository(image: string): string;
  /** Headers that let a caller pull and push that image, fresh enough for the next minutes. */
  authorize(image: string): Promise<Readonly<Record<string, string>>>;
}

/** Why a server takes no part: shown in the results instead of figures. */
export interface Missing {
  readonly name: string;
  readonly reason: string;
}

/** A place of its own, inside `place`. */
export async function placeFor(name: string, { directory, signal }: Place): Promise<Place> {
  await mkdir(directory, { recursive: true });
  return { directory: await mkdtemp(join(directory, `${name}-`)), signal };
}
