import { invalid } from '../../core/error.ts';
import type { MavenAttributes } from './attributes.ts';
import type { MavenFile } from './layout.ts';
import { elements, readXml, textAt } from './xml.ts';

export const LARGEST_POM = 8 * 1024 * 1024;

const LONGEST = 4_000;

/** What a POM says of itself (maven.apache.org/pom.html). */
export interface Pom extends Omit<MavenAttributes, 'pom' | 'files'> {
  readonly groupId?: string;
  readonly artifactId?: string;
  readonly version?: string;
}

/** Reads a POM, with what it takes from its parent without resolving that. SyntaxError for what is none. */
export async function readPom(bytes: Uint8Array): Promise<Pom> {
  const root = await readXml(bytes, { lenient: true });
  if (root.name !== 'project')
    throw new SyntaxError(`its element is ${JSON.stringify(root.name.slice(0, 80))}, not project`);
  const said = {
    groupId: textAt(root, 'groupId') ?? textAt(root, 'parent', 'groupId'),
    artifactId: textAt(root, 'artifactId'),
    version: textAt(root, 'version') ?? textAt(root, 'parent', 'version'),
    packaging: textAt(root, 'packaging'),
    name: textAt(root, 'name'),
    description: textAt(root, 'description'),
    url: textAt(root, 'url'),
  };
  const licenses = elements(root, 'licenses', 'license').flatMap(
    (each) => textAt(each, 'name') ?? textAt(each, 'url') ?? [],
  );
  return {
    ...Object.fromEntries(
      Object.entries(said).flatMap(([key, text]) =>
        text === undefined ? [] : [[key, text.slice(0, LONGEST)]],
      ),
    ),
    ...(licenses.length > 0 && { licenses: licenses.slice(0, 20).map((text) => text.slice(0, LONGEST)) }),
  };
}

/** A POM that is published. METADATA_INVALID where it is none, or one of something else than its path says. */
export async function pomToPublish(bytes: Uint8Array, file: MavenFile): Promise<Pom> {
  const pom = await orRefusal(() => readPom(bytes), `${file.filename} is not a POM`);
  for (const field of ['groupId', 'artifactId', 'version'] as const) {
    const said = pom[field];
    if (said === undefined)
      throw invalid('METADATA_INVALID', `${file.filename} says no ${field}, and neither does its parent`);
    // What only a build knows is not known here.
    if (said !== file[field] && !said.includes('${'))
      throw invalid(
        'METADATA_INVALID',
        `${file.filename} says that its ${field} is ${said.slice(0, 200)}, and its path ${file[field]}: deploy it as what it is`,
      );
  }
  return pom;
}

/** What is remembered of the version that a POM is of. */
export const described = ({ packaging, name, description, url, licenses }: Pom): MavenAttributes => ({
  ...(packaging !== undefined && { packaging }),
  ...(name !== undefined && { name }),
  ...(description !== undefined && { description }),
  ...(url !== undefined && { url }),
  ...(licenses && { licenses }),
});

export async function orRefusal<T>(read: () => T | Promise<T>, what: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid('METADATA_INVALID', `${what}: ${error.message}`);
    throw error;
  }
}
