import type { CommittedBlob } from '../../core/blob.ts';
import type { HostedRepo } from '../../core/catalog.ts';
import { invalid, notFound } from '../../core/error.ts';
import { type FileRoute, param, type RouteRequest } from '../../core/format.ts';
import { packageName, tarballPath } from './names.ts';

type Json = Readonly<Record<string, unknown>>;

/** Where a version's attestations are, below its repository, as a client is told. */
export const attestationsAddress = (name: string, version: string): string =>
  `-/npm/v1/attestations/${name.replace('/', '%2f')}@${version}`;

/** What a version's attestations are called in a repository. */
export const attestationsPath = (name: string, version: string): string =>
  tarballPath(name, version).replace(/\.tgz$/, '.attestations.json');

/** What versions are written in, also old ones: nothing that would be more than a part of an address. */
const VERSION = /^[\w.+-]+$/;

/** `name@version` of an address. NOT_FOUND for what is none. */
function attestedVersion({ params }: Pick<RouteRequest, 'params'>): { name: string; version: string } {
  const of = param(params, 'of');
  const at = of.lastIndexOf('@');
  const version = of.slice(at + 1);
  if (at < 1 || !VERSION.test(version)) throw notFound('ATTESTATION', { of });
  return { name: packageName(of.slice(0, at)), version };
}

/** GET …/attestations/NAME@VERSION, in the file that a version keeps beside its tarball. */
export const attestationsFile: FileRoute['file'] = (request) => {
  const { name, version } = attestedVersion(request);
  return {
    path: attestationsPath(name, version),
    freshness: 'immutable',
    coordinates: { package: name, version },
    contentType: 'application/json',
  };
};

/** Keeps a version's provenance, which must be of its tarball, as it is answered. Says what it claims. */
export async function storeProvenance(
  repo: HostedRepo,
  bundle: string,
  tarball: CommittedBlob,
): Promise<{ readonly blob: CommittedBlob; readonly predicateType: string }> {
  const { predicateType, subjects } = statementIn(JSON.parse(bundle) as Json);
  const sha512 = tarball.checksums.find(({ algorithm }) => algorithm === 'sha512')?.hex;
  if (sha512 === undefined || !subjects.includes(sha512))
    throw invalid('PROVENANCE_INVALID', 'the provenance is not of this tarball');
  const body = `{"attestations":[{"predicateType":${JSON.stringify(predicateType)},"bundle":${bundle}}]}`;
  return { blob: await repo.store(new Blob([body]).stream()), predicateType };
}

/** What an in-toto statement in a DSSE envelope says of which bytes (in-toto.io/Statement/v1), unverified. */
function statementIn({ dsseEnvelope: envelope }: Json): {
  readonly predicateType: string;
  readonly subjects: readonly unknown[];
} {
  try {
    const { payload } = envelope as { readonly payload: string };
    const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      readonly predicateType: unknown;
      readonly subject: readonly { readonly digest?: { readonly sha512?: unknown } }[];
    };
    if (typeof statement.predicateType === 'string')
      return {
        predicateType: statement.predicateType,
        subjects: statement.subject.map(({ digest }) => digest?.sha512),
      };
  } catch {
    // The refusal below says it.
  }
  throw invalid('PROVENANCE_INVALID', 'the provenance is no Sigstore bundle with an in-toto statement in it');
}
