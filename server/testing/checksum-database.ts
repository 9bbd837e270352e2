import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { FakeUpstream } from './fake-upstream.ts';
import { escaped } from './go.ts';

const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leaf = (record: string): Buffer => sha256(Buffer.from([0]), record);
const node = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.from([1]), left, right);

/** The root of a tree, as RFC 6962 defines it. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [first = sha256('')] = leaves;
  if (leaves.length < 2) return first;
  let middle = 1;
  while (middle * 2 < leaves.length) middle *= 2;
  return node(rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)));
}

/** A checksum database with a key of its own, of which an upstream has all files. */
export class ChecksumDatabase {
  readonly name: string;
  /** As GOSUMDB has it. */
  readonly key: string;
  readonly #id: Buffer;
  readonly #private: KeyObject;
  readonly #records: string[] = [];

  constructor(name = 'sum.example.com', records = 0) {
    this.name = name;
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = Buffer.concat([
      Buffer.from([1]),
      publicKey.export({ format: 'der', type: 'spki' }).subarray(12),
    ]);
    this.#id = sha256(`${name}\n`, key).subarray(0, 4);
    this.key = `${name}+${this.#id.toString('hex')}+${key.toString('base64')}`;
    this.#private = privateKey;
    for (let at = 0; at < records; at += 1) this.add(`example.com/filler${at}`, 'v1.0.0', 'h1:zip', 'h1:mod');
  }

  /** Answers the number of the record. */
  add(module: string, version: string, zipHash: string, modHash: string): number {
    this.#records.push(`${module} ${version} ${zipHash}\n${module} ${version}/go.mod ${modHash}\n`);
    return this.#records.length - 1;
  }

  /** Puts everything below a path of an upstream, and a lookup of the latest record. */
  put(upstream: FakeUpstream, base: string, { module, version }: { module: string; version: string }): void {
    const leaves = this.#records.map(leaf);
    const tree = this.#signed(
      `go.sum database tree\n${leaves.length}\n${rootOf(leaves).toString('base64')}\n`,
    );
    upstream.put(`${base}/latest`, { body: tree });
    const id = this.#records.length - 1;
    const at = `${base}/lookup/${decodeURIComponent(escaped(module))}@${decodeURIComponent(escaped(version))}`;
    upstream.put(at, { body: `${id}\n${this.#records[id]}\n${tree}` });
    for (let level = 0; leaves.length >= 256 ** level; level += 1) {
      const size = 256 ** level;
      const entries = Array.from({ length: Math.floor(leaves.length / size) }, (_, each) =>
        rootOf(leaves.slice(each * size, (each + 1) * size)),
      );
      for (let index = 0; index * 256 < entries.length; index += 1) {
        const tile = entries.slice(index * 256, (index + 1) * 256);
        const partial = tile.length === 256 ? '' : `.p/${tile.length}`;
        const path = `${base}/tile/8/${level}/${String(index).padStart(3, '0')}${partial}`;
        upstream.put(path, { body: new Uint8Array(Buffer.concat(tile)) });
      }
    }
  }

  #signed(text: string): string {
    const signature = Buffer.concat([this.#id, sign(null, Buffer.from(text), this.#private)]);
    return `${text}\n\u2014 ${this.name} ${signature.toString('base64')}\n`;
  }
}
