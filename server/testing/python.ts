import { createHash } from 'node:crypto';
import type { Json } from './api.ts';
import type { Send, TestServer } from './harness.ts';
import { type ZipFile, zipped } from './zip.ts';

export type Bytes = Uint8Array<ArrayBuffer>;
export const JSON_INDEX = 'application/vnd.pypi.simple.v1+json';

export interface Release {
  readonly name: string;
  readonly version?: string;
  /** More lines of its metadata. */
  readonly metadata?: readonly string[];
  /** Text of its one module. */
  readonly module?: string;
}

const escaped = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '_');
export const wheelName = ({ name, version = '1.0' }: Release): string =>
  `${escaped(name)}-${version}-py3-none-any.whl`;
export const sdistName = ({ name, version = '1.0' }: Release): string => `${escaped(name)}-${version}.tar.gz`;

export const metadataOf = ({ name, version = '1.0', metadata = [] }: Release): string =>
  [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...metadata,
    '',
    'A description.',
    '',
  ].join('\n');

/** What is in a wheel. */
export function wheelFiles(release: Release): ZipFile[] {
  const { name, version = '1.0', module = `version = ${JSON.stringify(version)}\n` } = release;
  const folder = `${escaped(name)}-${version}.dist-info`;
  return [
    { name: `${escaped(name)}/__init__.py`, content: module },
    { name: `${folder}/METADATA`, content: metadataOf(release) },
    {
      name: `${folder}/WHEEL`,
      content: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    },
    {
      name: `${folder}/RECORD`,
      content: [
        `${escaped(name)}/__init__.py`,
        ...['METADATA', 'WHEEL', 'RECORD'].map((file) => `${folder}/${file}`),
      ]
        .map((path) => `${path},,\n`)
        .join(''),
    },
  ];
}

export const wheel = (release: Release): Bytes => zipped(wheelFiles(release));

export async function sdist(release: Release, more: Readonly<Record<string, string>> = {}): Promise<Bytes> {
  const top = sdistName(release).replace('.tar.gz', '');
  const files = { [`${top}/PKG-INFO`]: metadataOf(release), [`${top}/pyproject.toml`]: '', ...more };
  return new Uint8Array(await new Bun.Archive(files, { compress: 'gzip' }).bytes());
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export type Fields = Readonly<Record<string, string>>;

/** What clients send of a file; their order of the parts is told by `fileFirst`. */
export function form(filename: string, bytes: Bytes, fields: Fields, fileFirst = false): FormData {
  const data = new FormData();
  const file = () => data.append('content', new Blob([bytes]), filename);
  if (fileFirst) file();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  if (!fileFirst) file();
  return data;
}

export const fieldsOf = ({ name, version = '1.0' }: Release, bytes: Bytes): Fields => ({
  ':action': 'file_upload',
  protocol_version: '1',
  metadata_version: '2.1',
  name,
  version,
  filetype: 'bdist_wheel',
  pyversion: 'py3',
  sha256_digest: sha256(bytes),
  md5_digest: createHash('md5').update(bytes).digest('hex'),
});

/** Attestations of a file (PEP 740), signed by nobody. */
export function attestationsOf(filename: string, bytes: Bytes): string {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: filename, digest: { sha256: sha256(bytes) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  };
  const envelope = { statement: Buffer.from(JSON.stringify(statement)).toString('base64'), signature: '' };
  return JSON.stringify([{ version: 1, verification_material: {}, envelope }]);
}

/** A client of a repository of Python's that does no more than it is told. */
export class PythonClient {
  readonly #server: TestServer;
  /** Where the repository is, without a slash at the end. */
  readonly path: string;

  constructor(server: TestServer, repository: string, project = 'my-project') {
    this.#server = server;
    this.path = `/us-central1-python/${project}/${repository}`;
  }

  send(method: string, path: string, send: Send = {}): Promise<Response> {
    return this.#server.send(method, `${this.path}/${path}`, send);
  }

  async upload(
    filename: string,
    bytes: Bytes,
    fields: Fields,
    { fileFirst = false, ...send }: Send & { readonly fileFirst?: boolean } = {},
  ): Promise<Response> {
    const { body, headers } = await encoded(form(filename, bytes, fields, fileFirst));
    return this.send('POST', '', { ...send, headers: { ...headers, ...send.headers }, body });
  }

  /** Publishes a wheel that must be taken; answers it. */
  async publish(release: Release, more: Fields = {}): Promise<Bytes> {
    const bytes = wheel(release);
    const answer = await this.upload(wheelName(release), bytes, { ...fieldsOf(release, bytes), ...more });
    if (answer.status !== 200) throw new Error(`${wheelName(release)} was not taken: ${await answer.text()}`);
    return bytes;
  }

  async json(path: string, send: Send = {}): Promise<Json> {
    const answer = await this.send('GET', path, { ...send, headers: { accept: JSON_INDEX } });
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  project(name: string, send?: Send): Promise<Json> {
    return this.json(`simple/${name}/`, send);
  }
}

/** A form as it is sent. */
export async function encoded(
  data: FormData,
): Promise<{ readonly body: Bytes; readonly headers: Readonly<Record<string, string>> }> {
  const response = new Response(data);
  // Forgotten once the body is read.
  const type = response.headers.get('content-type') ?? '';
  return { body: new Uint8Array(await response.arrayBuffer()), headers: { 'content-type': type } };
}
