import { announcedBytes } from '../../lib/announced-bytes.ts';
import type { Command } from '../../core/format.ts';
import { changePeople, deprecate } from './amend.ts';
import { packumentIndex } from './packument-index.ts';
import { checkedPublication, publishVersion, storeTarball, type StoredTarball } from './publish.ts';
import { readPublish, type SentPackage } from './read-publish.ts';
import { requireRevision } from './revision.ts';
import { packageOf } from './segments.ts';
import { classify, type SentChange } from './sent-change.ts';
import { storedSummary } from './stored-summary.ts';
import { removeVersions } from './unpublish.ts';

/** A tarball comes in base64, beside a document and a bundle that may have 17 MiB together (`read-publish.ts`). */
const ENVELOPE = { beside: 17 * 1024 * 1024, share: 0.75 };
/** Larger than any that the public registry takes. */
const LARGEST_TARBALL = 1024 * 1024 * 1024;

/** Shown to whoever changes what others would take for rights. */
const ABOUT_OWNERS =
  "Owners are only shown here: who may publish is decided by the repository's IAM policy, not by this list.";

/** PUT of a package: a publication, or what clients do to versions and tags by sending the whole document back. */
export async function putPackage(command: Command): Promise<Response> {
  const { repo } = command;
  const pkg = packageOf(command);
  const sent = await readSent(command);
  const change = sent.attachments.length > 0 ? publicationOf(sent, pkg) : await changeOf(command, sent, pkg);
  const headers = change.kind === 'owner' ? { 'npm-notice': ABOUT_OWNERS } : undefined;
  switch (change.kind) {
    case 'publish':
      await publishVersion(repo, await checkedPublication(command, pkg, sent, change));
      break;
    case 'deprecate':
      await deprecate(command, pkg, change.messages);
      break;
    case 'unpublish':
      await removeVersions(command, pkg, change.versions);
      break;
    case 'star':
    case 'owner':
      await changePeople(command, pkg, change);
      break;
    case 'nothing':
      break;
    default:
      change satisfies never;
  }
  if (change.kind !== 'nothing') command.refresh(packumentIndex, { of: pkg });
  return Response.json({ ok: true, success: true, id: pkg }, { status: 201, ...(headers && { headers }) });
}

/** Takes a publication in, with what is in its tarball. */
export const readSent = ({
  repo,
  body,
  headers,
}: Pick<Command, 'repo' | 'body' | 'headers'>): Promise<SentPackage<StoredTarball>> =>
  readPublish(body, (tarball) =>
    storeTarball(repo, tarball, { limit: LARGEST_TARBALL, ...announcedBytes(headers, ENVELOPE) }),
  );

type Sent = Parameters<typeof classify>[1];

/** Of a publication the other versions of its package need not be known. */
export const publicationOf = (sent: Sent, pkg: string): SentChange =>
  classify({ name: pkg, versions: new Map() }, sent, false);

async function changeOf(command: Command, sent: Sent, pkg: string): Promise<SentChange> {
  const { repo, params } = command;
  const atRevision = params['rev'] !== undefined;
  if (!atRevision) return classify(await storedSummary(repo, pkg), sent, false);
  await requireRevision(command, pkg);
  const stored = await storedSummary(repo, pkg);
  // What was read in several steps is one state only where nothing was changed between them.
  await requireRevision(command, pkg);
  return classify(stored, sent, true);
}
