import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { invalid, RegistryError } from '../../../core/error.ts';

/** Whoever signs notes (golang.org/x/mod/sumdb/note): a name, and a key of Ed25519. */
export interface Verifier {
  readonly name: string;
  /** Of name and key, four bytes: which key of that name signed. */
  readonly id: Buffer;
  readonly key: KeyObject;
}

const ED25519 = 1;
/** What stands in front of a key of Ed25519 in DER (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Reads `NAME+HASH+KEY`, as GOSUMDB has it. CHECKSUM_DATABASE_INVALID for what is none. */
export function parseVerifier(text: string): Verifier {
  const [, name = '', hash = '', encoded = ''] =
    /^([^+\s/]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const key = Buffer.from(encoded, 'base64');
  const id = createHash('sha256').update(`${name}\n`).update(key).digest().subarray(0, 4);
  if (name === '' || key.length !== 33 || key[0] !== ED25519 || id.toString('hex') !== hash)
    throw invalid(
      'CHECKSUM_DATABASE_INVALID',
      `${JSON.stringify(text.slice(0, 200))} is no key of a checksum database: write NAME+HASH+KEY, as GOSUMDB has it`,
    );
  return {
    name,
    id,
    key: createPublicKey({ key: Buffer.concat([SPKI, key.subarray(1)]), format: 'der', type: 'spki' }),
  };
}

/** The text of a note that is signed. DATA_LOSS for one that this key did not sign. */
export function openNote(note: string, { name, id, key }: Verifier): string {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  for (const line of end === -1 ? [] : note.slice(end + 2).split('\n')) {
    const [, signer, encoded = ''] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
    const signature = Buffer.from(encoded, 'base64');
    if (signer !== name || !signature.subarray(0, 4).equals(id)) continue;
    if (verify(null, Buffer.from(text), key, signature.subarray(4))) return text;
  }
  throw new RegistryError('DATA_LOSS', 'SIGNATURE_INVALID', `what ${name} says is not signed by its key`);
}
