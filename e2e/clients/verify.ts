import { expect } from 'bun:test';
import { join } from 'node:path';
import type { ImageSubject, Subject } from '../fixtures/image.ts';
import { layoutBlob, layoutRoots } from '../harness/layout.ts';
import { type Digest, digestOf } from '../harness/oci.ts';
import { childrenOf, type Image, payloads, readStored, type Stored } from '../harness/registry.ts';
import type { Pulled, Pushed } from './client.ts';

/** The registry holds what was pushed, as far as this client says it keeps bytes. Answers what it holds. */
export async function expectPushed(
  subject: Subject,
  pushed: Pushed,
  to: Image,
  tag: string,
): Promise<Stored> {
  const stored = await readStored(to, tag);
  expect(stored.root.digest).toBe(pushed.digest);
  expect(payloads(stored)).toEqual(payloads(subject));
  if (pushed.kept === 'everything')
    expect([...stored.contents.keys()].sort()).toEqual([...subject.contents.keys()].sort());
  return stored;
}

/** Everything below the root that the client pulled is on its disk, byte for byte what the registry holds. */
async function expectLayout(path: string, scope: 'everything' | 'platform', stored: Stored): Promise<void> {
  const roots = await layoutRoots(path);
  const [first = stored.root.digest] = roots;
  if (scope === 'everything') expect(roots).toContain(stored.root.digest);
  else expect([stored.root.digest, ...childrenOf(stored)]).toContain(first);
  const pulled = scope === 'everything' ? [...stored.contents.keys()] : below(stored, first);
  for (const digest of pulled) expect(digestOf(await layoutBlob(path, digest))).toBe(digest);
}

function below(stored: Stored, digest: Digest): readonly Digest[] {
  const bytes = stored.contents.get(digest);
  const text = bytes === undefined ? '' : new TextDecoder().decode(bytes);
  const named = [...text.matchAll(/"digest":"(sha256:[0-9a-f]{64})"/g)].map(([, found]) => found as Digest);
  return [digest, ...named];
}

/** What the client pulled is what the registry holds, down to the files a container would see. */
export async function expectPulled(image: ImageSubject, pulled: Pulled, stored: Stored): Promise<void> {
  if (pulled.kind === 'layout') return expectLayout(pulled.path, pulled.scope, stored);
  expect(pulled.digest).toBe(stored.root.digest);
  expect(pulled.configDigest).toBe(image.configDigest);
  const found = new Map<string, Digest>();
  for await (const path of new Bun.Glob('**/*').scan({ cwd: pulled.path, dot: true, onlyFiles: true }))
    found.set(path, digestOf(await Bun.file(join(pulled.path, path)).bytes()));
  expect(found).toEqual(new Map(image.files));
}
