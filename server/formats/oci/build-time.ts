import type { HostedRepo, StoredFile } from '../../core/catalog.ts';

const LARGEST_CONFIG = 1024 * 1024;

/** When the image was built, as its config says (image-spec, config.md: `created`); nothing for other artifacts. */
export async function buildTimeOf(
  repo: Pick<HostedRepo, 'read'>,
  config: StoredFile | undefined,
): Promise<string | undefined> {
  if (!config || config.blob.size > LARGEST_CONFIG) return undefined;
  const text = new TextDecoder().decode(await repo.read(config, LARGEST_CONFIG));
  const created = createdOf(text);
  const instant = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(instant) ? undefined : new Date(instant).toISOString();
}

function createdOf(text: string): string | undefined {
  try {
    const { created } = JSON.parse(text) as { created?: unknown };
    return typeof created === 'string' ? created : undefined;
  } catch {
    return undefined;
  }
}
