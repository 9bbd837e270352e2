import type { Known } from './answer.ts';

/** A way in which a client asks for something. */
export interface Probe {
  readonly name: string;
  readonly method: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** Made of an earlier answer; not asked where that does not say enough. */
  of?(known: Known): Readonly<Record<string, string>> | undefined;
  readonly anonymous?: boolean;
  /** Not asked of what is not here yet: it would be one of the others once more. */
  readonly warm?: boolean;
}

const probe = (name: string, headers: Readonly<Record<string, string>>, method: Probe['method'] = 'GET') => ({
  name,
  method,
  headers,
});
const sinceThen = ({ lastModified }: Known) =>
  lastModified === undefined ? undefined : { 'if-modified-since': lastModified };
const unlessIts = ({ etag }: Known) => (etag === undefined ? undefined : { 'if-none-match': etag });

export const PLAIN: Readonly<Record<Probe['method'], Probe>> = {
  GET: probe('plain', {}),
  HEAD: probe('plain', {}, 'HEAD'),
};

export const PROBES: readonly Probe[] = [
  PLAIN.GET,
  PLAIN.HEAD,
  { name: 'unless it is the same', method: 'GET', of: unlessIts },
  { name: 'unless it is the same', method: 'HEAD', of: unlessIts },
  { name: 'if it changed', method: 'GET', of: sinceThen },
  { ...probe('unless it is another', { 'if-none-match': '"another"' }), warm: true },
  probe('unless there is any', { 'if-none-match': '*' }),
  probe('a range', { range: 'bytes=1-3' }),
  { ...probe('a range', { range: 'bytes=1-3' }, 'HEAD'), warm: true },
  probe('the end', { range: 'bytes=-2' }),
  probe('a range beyond it', { range: 'bytes=999999999-' }),
  { ...probe('several ranges', { range: 'bytes=0-1,3-4' }), warm: true },
  {
    name: 'a range if it is the same',
    method: 'GET',
    of: ({ etag }) => (etag === undefined ? undefined : { range: 'bytes=1-3', 'if-range': etag }),
  },
  { ...probe('a range if it is another', { range: 'bytes=1-3', 'if-range': '"another"' }), warm: true },
  probe('compressed', { 'accept-encoding': 'gzip, br' }),
  probe('compressed', { 'accept-encoding': 'gzip' }, 'HEAD'),
  { name: 'by nobody', method: 'GET', headers: {}, anonymous: true, warm: true },
];
