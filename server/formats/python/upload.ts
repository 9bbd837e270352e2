import type { Attributes, NewFile } from '../../core/catalog.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import type { Command } from '../../core/format.ts';
import { provenanceOf } from './attestations.ts';
import { type FileAttributes, fromAttributes, toAttributes } from './attributes.ts';
import type { CoreMetadata } from './core-metadata.ts';
import { readDistribution } from './distribution.ts';
import { type NamedFile, uploadedFile } from './filenames.ts';
import { filePath, METADATA, normalName, projectName, PROVENANCE } from './names.ts';
import { projectIndex } from './project-index.ts';
import { checkDigests, readUploadForm, type UploadForm } from './upload-form.ts';
import { normalVersion, parseVersion, sameVersion } from './versions.ts';

/** POST of a distribution, as twine and its like send it. */
export async function upload(command: Command): Promise<Response> {
  const { repo, rights } = command;
  const form = await readUploadForm(command);
  const { filename, blob } = form.file;
  const named = uploadedFile(filename);
  const project = projectName(named.name);
  await rights.require('artifactregistry.repositories.uploadArtifacts', {
    package: project,
    version: normalVersion(named.version),
  });
  checkDigests(form);
  const path = filePath(project, filename);
  const known = await repo.file({ path, freshness: 'immutable' });
  if (known?.blob.digest === blob.digest) return done();
  if (known) throw exists(filename, known.blob.digest);

  const { metadata, sidecar } = await readDistribution(repo, blob, filename, named);
  checkMetadata(metadata, named, form);
  const version = normalVersion(metadata.version);
  const coordinates = { package: project, version };
  const file = (name: string, contentType: string, content: NewFile['blob']): NewFile => ({
    path: filePath(project, name),
    freshness: 'immutable',
    coordinates,
    contentType,
    blob: content,
  });
  const files = [file(filename, 'application/octet-stream', blob)];
  const attestations = form.fields.get('attestations');
  if (sidecar)
    files.push(
      file(filename + METADATA, 'application/octet-stream', await repo.store(new Blob([sidecar]).stream())),
    );
  if (attestations !== undefined && attestations !== '') {
    const provenance = provenanceOf(attestations, { filename, digest: blob.digest });
    files.push(
      file(
        filename + PROVENANCE,
        'application/vnd.pypi.integrity.v1+json',
        await repo.store(new Blob([provenance]).stream()),
      ),
    );
  }
  const { requiresPython } = metadata;
  const [, sidecarFile] = sidecar ? files : [];
  const described: FileAttributes = {
    sha256: hexOf(blob.digest),
    size: blob.size,
    uploadedAt: command.now(),
    ...(requiresPython !== undefined && { requiresPython }),
    ...(sidecarFile && { metadata: hexOf(sidecarFile.blob.digest) }),
    ...(files.at(-1)?.path.endsWith(PROVENANCE) && { attested: true }),
  };
  const added = (before: Attributes): Attributes => {
    const { files: others, ...rest } = fromAttributes(before);
    return toAttributes({ ...shownOf(metadata), ...rest, files: { ...others, [filename]: described } });
  };
  try {
    await repo.publish({
      package: project,
      version,
      attributes: added({}),
      extend: added,
      size: files.reduce((size, each) => size + each.blob.size, 0),
      files,
      searchText: searchTextOf(metadata),
      once: true,
      onConflict: 'extend',
    });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'ALREADY_EXISTS') throw error;
    // Somebody else may have published it meanwhile, perhaps the very same.
    const there = await repo.file({ path, freshness: 'immutable' });
    if (there?.blob.digest !== blob.digest)
      throw there ? exists(filename, there.blob.digest) : usedUp(filename, error);
  }
  command.refresh(projectIndex, { of: project });
  return done();
}

const done = (): Response => new Response('', { headers: { 'content-type': 'text/plain; charset=utf-8' } });

const hexOf = (digest: string): string => digest.slice('sha256:'.length);

/** Holds what the file's name, the file itself and the form say to each other. */
function checkMetadata({ name, version }: CoreMetadata, named: NamedFile, { fields }: UploadForm): void {
  const project = projectName(named.name);
  if (!parseVersion(version))
    throw invalid(
      'VERSION_INVALID',
      `${JSON.stringify(version.slice(0, 140))} is not a version as PEP 440 has it`,
    );
  if (normalName(name) !== project || !sameVersion(version, named.version))
    throw invalid(
      'METADATA_INVALID',
      `the file is called ${named.name} ${named.version} and says that it is ${name} ${version}: build it again`,
    );
  const said = { name: fields.get('name') ?? name, version: fields.get('version') ?? version };
  if (normalName(said.name) !== project || !sameVersion(said.version, version))
    throw invalid(
      'METADATA_INVALID',
      `the form says ${said.name.slice(0, 200)} ${said.version.slice(0, 140)}, and the file ${name} ${version}`,
    );
}

const shownOf = ({ summary, author, license, homePage }: CoreMetadata) => ({
  ...(summary !== undefined && { summary }),
  ...(author !== undefined && { author }),
  ...(license !== undefined && { license }),
  ...(homePage !== undefined && { homePage }),
});

const searchTextOf = ({ summary, keywords, author }: CoreMetadata): string =>
  [summary, keywords, author].filter((text) => text !== undefined).join(' ');

/** In words by which clients know that a file is there. */
const exists = (filename: string, digest: string): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'FILE_EXISTS',
    `File already exists: ${filename} is here with other bytes (${digest}). A file stays what it was: publish another version`,
    { details: { filename, digest } },
  );

const usedUp = (filename: string, { reason }: RegistryError): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    reason,
    `This filename has already been used: ${filename} was published and deleted here, so it already exists in lock files. ` +
      'Publish another version, or another build of it',
    { details: { filename } },
  );
