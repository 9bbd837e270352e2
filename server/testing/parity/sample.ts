import type { Format } from '../../core/format.ts';
import type { TestServer } from '../harness.ts';
import type { Meant } from './meant.ts';
import { goSample } from './go-sample.ts';
import { genericSample } from './generic-sample.ts';
import { mavenSample } from './maven-sample.ts';
import { npmSample } from './npm-sample.ts';
import { ociSample } from './oci-sample.ts';
import { pythonSample } from './python-sample.ts';

/** What a client asks of a repository. */
export interface Read {
  /** Below the repository's address, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A little of everything that a format has. */
export interface Sample {
  /** Publishes it to an empty repository of my-project; answers what clients read of it, and what they do not find. */
  publish(server: TestServer, repository: string): Promise<readonly Read[]>;
  /** In which of its answers a copy differs, and why. */
  readonly meant: readonly Meant[];
}

const SAMPLES: Readonly<Record<string, Sample>> = {
  DOCKER: ociSample,
  GENERIC: genericSample,
  NPM: npmSample,
  PYTHON: pythonSample,
  GO: goSample,
  MAVEN: mavenSample,
};

export function sampleOf({ id, title }: Pick<Format, 'id' | 'title'>): Sample {
  const sample = SAMPLES[id];
  if (!sample)
    throw new Error(
      `there is no sample of ${title}: write server/testing/parity/${id.toLowerCase()}-sample.ts, which publishes several versions ` +
        'and lists the reads that clients make, also of what is not there, and add it to SAMPLES in server/testing/parity/sample.ts',
    );
  return sample;
}
