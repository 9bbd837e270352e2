const PATIENCE_MS = 20_000;

/** Why what is at `url` cannot be fetched from this machine; undefined when it can. */
export async function unreachable(url: string | URL): Promise<string | undefined> {
  try {
    const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return ok ? undefined : `it answers ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
