import type { Command } from '../../core/format.ts';
import { packumentIndex } from './packument-index.ts';
import { publishVersion, storeTarball } from './publish.ts';
import { readPublish } from './read-publish.ts';
import { packageOf } from './segments.ts';
import { classify } from './sent-change.ts';
import { storedSummary } from './stored-summary.ts';

const LARGEST_TARBALL = 1024 * 1024 * 1024;

/** PUT of a package: a publication, or what clients do to versions by sending the whole document back. */
export async function putPackage(command: Command): Promise<Response> {
  const { repo, body } = command;
  const pkg = packageOf(command);
  const sent = await readPublish(body, (tarball) => storeTarball(repo, tarball, LARGEST_TARBALL));
  // Of a publication the package's other versions need not be known.
  const stored =
    sent.attachments.length > 0 ? { name: pkg, versions: new Map() } : await storedSummary(repo, pkg);
  const change = classify(stored, sent, 'rev' in command.params);
  if (change.kind === 'publish') await publishVersion(command, pkg, sent, change);
  await command.refresh(packumentIndex, { of: pkg });
  return Response.json({ ok: true, success: true, id: pkg }, { status: 201 });
}
