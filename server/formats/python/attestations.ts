import { invalid, type RegistryError } from '../../core/error.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';

const MOST = 10;

type Json = Readonly<Record<string, unknown>>;

/**
 * What is served about a file that came with attestations: a provenance object (PEP 740). The attestations must be about this
 * file; who signed them is for whoever installs it to verify. ATTESTATIONS_INVALID otherwise.
 */
export function provenanceOf(
  text: string,
  file: { readonly filename: string; readonly digest: string },
): string {
  const attestations = attestationsIn(text);
  for (const attestation of attestations) requireAbout(statementIn(attestation), file);
  const publisher = { kind: 'unverified', claims: null };
  return JSON.stringify({ version: 1, attestation_bundles: [{ publisher, attestations }] });
}

function attestationsIn(text: string): readonly Json[] {
  let value: unknown;
  try {
    value = parseJsonStrictly(text);
  } catch (error) {
    throw refuse(`they are not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST || !value.every(isObject))
    throw refuse(`they are a list of 1 to ${MOST} objects`);
  return value;
}

function statementIn({ version, envelope }: Json): Json {
  if (version !== 1) throw refuse('one of them is not of version 1');
  try {
    const statement: unknown =
      isObject(envelope) && typeof envelope['statement'] === 'string'
        ? parseJsonStrictly(Buffer.from(envelope['statement'], 'base64').toString())
        : undefined;
    if (isObject(statement)) return statement;
  } catch {
    // The refusal below says it.
  }
  throw refuse('one of them has no statement');
}

function requireAbout(
  { _type: type, subject }: Json,
  { filename, digest }: { readonly filename: string; readonly digest: string },
): void {
  if (type !== 'https://in-toto.io/Statement/v1') throw refuse('a statement of them is no in-toto statement');
  const [about, ...others]: readonly unknown[] = Array.isArray(subject) ? subject : [];
  const sha256 = isObject(about) && isObject(about['digest']) ? about['digest']['sha256'] : undefined;
  if (
    !isObject(about) ||
    others.length > 0 ||
    about['name'] !== filename ||
    `sha256:${String(sha256)}` !== digest
  )
    throw refuse(`a statement of them is not about ${filename} as it was sent`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refuse = (why: string): RegistryError =>
  invalid('ATTESTATIONS_INVALID', `Invalid attestations supplied during upload: ${why}`);
