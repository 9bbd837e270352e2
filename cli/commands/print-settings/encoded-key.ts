import { keyFileIn, textOf } from '../../settings/key-file.ts';

/** A key file in Base64, which is how clients take it as a password. Refuses what is none. */
export async function encodedKey(path: string): Promise<string> {
  const content = await textOf(path);
  keyFileIn(content, path);
  return Buffer.from(content).toString('base64');
}
