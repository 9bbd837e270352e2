import tar from 'tar-stream';

/** Bytes of names and attributes that stand in front of one entry: more than any file system has of a file. */
const LONGEST = 1024 * 1024;
const OF_ONE = ['path', 'linkpath', 'size'];

/**
 * Reads a tar archive. What a header says of all entries that follow is left out, since it would be copied for each of them, and
 * the archive fails where that is what only one can be: some take it for theirs, and some do not.
 */
export function readTar(): tar.Extract {
  const archive = tar.extract();
  watch(archive, '_header', requireSize);
  watch(archive, '_pax', requireSize);
  Object.defineProperty(archive, '_paxGlobal', {
    get: () => null,
    set: (said: object | null) => {
      const wrong = OF_ONE.find((key) => said !== null && Object.hasOwn(said, key));
      if (wrong !== undefined) throw new Error(`it says one ${wrong} of all its entries`);
    },
  });
  return archive;
}

/** What is set there is held to `require` first, where what that throws fails the archive. */
function watch(archive: tar.Extract, key: string, require: (said: object | null) => void): void {
  let known: object | null = null;
  Object.defineProperty(archive, key, {
    get: () => known,
    set: (said: object | null) => {
      require(said);
      known = said;
    },
  });
}

/** The parser waits for ever for the end of an entry whose size is no number. */
function requireSize(said: object | null): void {
  const size: unknown = said === null ? undefined : Reflect.get(said, 'size');
  if (size === undefined) return;
  const known = typeof size === 'string' && /^\d+$/.test(size) ? Number(size) : size;
  if (!Number.isSafeInteger(known) || Number(known) < 0)
    throw new Error('it has an entry whose size is no number');
}

/**
 * What is wrong with what stands in front of an entry, which is kept in memory until it is whole. To be asked again and again while
 * the archive comes.
 */
export function wrongHeaders(archive: tar.Extract): string | undefined {
  const missing: unknown = Reflect.get(archive, '_missing');
  const isHeader = Reflect.get(archive, '_longHeader') === true;
  return isHeader && typeof missing === 'number' && missing > LONGEST
    ? `what stands in front of one of its entries is larger than ${LONGEST} bytes`
    : undefined;
}
