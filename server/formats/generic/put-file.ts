import { invalid, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { announcedBytes } from '../../lib/announced-bytes.ts';
import { checksumsIn, digestHeaders, holdTo } from '../../lib/checksum-headers.ts';
import { type Place, placeOf, publishedPlace, refOf, segmentsOf } from './places.ts';
import { publishFile } from './publish-file.ts';

/** PUT of a file, as `curl -T` sends it: 201, or 200 for the bytes that are there already. */
export async function putFile(command: Command): Promise<Response> {
  const { body, headers, repo } = command;
  const place = destination(param(command.params, 'path'));
  checkHeaders(headers);
  const said = checksumsIn(headers);
  const mustBeNew = headers.get('if-none-match')?.trim() === '*';
  if (mustBeNew && (await repo.file(refOf(place)))) throw there(place);
  const blob = await repo.store(body, {
    algorithms: ['md5', 'sha1', ...said.map(({ algorithm }) => algorithm)],
    ...announcedBytes(headers),
  });
  holdTo(said, blob.checksums);
  const made = await publishFile(repo, place, blob);
  if (mustBeNew && made === 'same') throw there(place);
  const path = segmentsOf(place).map(encodeURIComponent).join('/');
  return new Response(null, {
    status: made === 'created' ? 201 : 200,
    headers: {
      location: `${command.basePath}/${path}`,
      etag: `"${blob.digest}"`,
      ...digestHeaders(blob.digest.slice('sha256:'.length)),
    },
  });
}

/** PUT to what ends in a slash, which is a folder. */
export async function putFolder(): Promise<Response> {
  throw invalid(
    'NAME_INVALID',
    'the address ends in a slash, so it names no file: folders come with their files',
  );
}

function destination(path: string): Place {
  const segments = path.split('/');
  if (segments.length < 3)
    throw invalid(
      'NAME_INVALID',
      `a file is published to PACKAGE/VERSION/FILE, and ${JSON.stringify(path.slice(0, 200))} has ${
        segments.length === 1 ? 'one part' : 'two parts'
      } below the repository`,
    );
  return publishedPlace(placeOf(segments));
}

function checkHeaders(headers: Headers): void {
  // RFC 9110 14.5: whoever does not know it would store a part as the whole.
  if (headers.has('content-range'))
    throw invalid(
      'CONTENT_RANGE',
      'a file is sent whole; for uploads that can be resumed use "entrepot artifacts generic upload"',
    );
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity')
    throw invalid(
      'CONTENT_ENCODING',
      `the body is stored as it is sent, so it must not be encoded (${encoding.slice(0, 40)}) for the way`,
    );
}

const there = (place: Place): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'PRECONDITION_FAILED',
    `file ${segmentsOf(place).join('/')} already exists, and the request says that it must not`,
  );
