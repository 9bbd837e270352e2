import type { ByteStream } from '../core/blob.ts';
import type { Bearer, Principal } from '../core/iam.ts';
import type { Destination } from './addressing.ts';

/** A request whose caller is known. */
export interface DataRequest {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly principal: Principal;
  readonly bearer: Bearer | undefined;
  readonly host: string;
  /** Scheme and host for links and challenges. */
  readonly origin: string;
  /** Written by whoever finds out which route it is, for logs and metrics. */
  readonly trace: Trace;
  /** The address the request came from. */
  readonly peer: () => string;
}

export interface Trace {
  /** A route's template: nothing of a tenant is in it. */
  route: string;
  /** Bytes of the answer's body, as far as they are known before it goes out. */
  sent: number;
}

export type RepositoryDestination = Extract<Destination, { kind: 'repository' }>;

export const bodyOf = ({ request }: DataRequest): ByteStream =>
  (request.body ?? new Blob([]).stream()) as ByteStream;
