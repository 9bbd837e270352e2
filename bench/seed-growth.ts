import { type BulkRows, bulk, digestSql, generationSql, type Numbers } from './bulk.ts';

const [MANIFESTS, DISTRIBUTIONS] = [1, 2];

export interface GrowthModels {
  /** An image with one version and one tag. */
  readonly image: string;
  /** A project with one version, published once. */
  readonly project: string;
}

/** `project` with another number; it ends in a number of seven digits. */
export const numbered = (project: string, at: number): string =>
  project.replace(/\d{7}$/, String(at).padStart(7, '0'));

/**
 * Adds as many versions, each with a tag, a file and a blob, to the image, and as many projects like the one there is,
 * in a stopped server's database. What is added is listed and found, and has no bytes.
 */
export function seedGrowth(data: string, { image, project }: GrowthModels, numbers: Numbers): void {
  bulk(data, (rows) => {
    growImage(rows, image, numbers);
    growProjects(rows, project, numbers);
    rows.run('UPDATE gc_state SET blobs = (SELECT count(*) FROM blob), bytes = (SELECT sum(size) FROM blob)');
  });
}

/** Ids of rows that were made, one for each number. */
const idAfter = (rows: BulkRows, table: string, { from }: Numbers): string =>
  `${Number(rows.value(`SELECT max(id) FROM ${table}`)) + 1 - from} + i`;

function growImage(rows: BulkRows, image: string, numbers: Numbers): void {
  const packageId = rows.value('SELECT id FROM package WHERE name = ?', image);
  const version = rows.value('SELECT min(id) FROM version WHERE package_id = ?', packageId);
  const [digest, id] = [digestSql(MANIFESTS), idAfter(rows, 'version', numbers)];
  growBlobs(rows, MANIFESTS, numbers);
  rows.copy('version', numbers, `id = ${version}`, { id, name: digest, tag_count: '1' });
  rows.copy('file', numbers, `version_id = ${version}`, {
    id: 'NULL',
    version_id: id,
    path: `replace(model.path, (SELECT name FROM version WHERE id = ${version}), ${digest})`,
    blob_digest: digest,
  });
  rows.copy('tag', numbers, `version_id = ${version}`, { name: `printf('t%07d', i)`, version_id: id });
  rows.copy('tag_event', numbers, `id = (SELECT min(id) FROM tag_event)`, {
    id: 'NULL',
    tag: `printf('t%07d', i)`,
    version: digest,
  });
  rows.run(
    `UPDATE package SET revision = revision + ${2 * (numbers.to - numbers.from)} WHERE id = ${packageId}`,
  );
}

function growProjects(rows: BulkRows, project: string, numbers: Numbers): void {
  const model = rows.value('SELECT id FROM package WHERE name = ?', project);
  const repository = rows.value('SELECT repository_id FROM package WHERE id = ?', model);
  const version = rows.value('SELECT id FROM version WHERE package_id = ?', model);
  const [underscored, number] = [project.replaceAll('-', '_'), `printf('%07d', i)`];
  const renamed = (column: string) =>
    `replace(replace(${column}, '${project}', '${project.slice(0, -7)}' || ${number}), '${underscored}', '${underscored.slice(0, -7)}' || ${number})`;
  const [packageId, versionId] = [idAfter(rows, 'package', numbers), idAfter(rows, 'version', numbers)];
  growBlobs(rows, DISTRIBUTIONS, numbers);
  rows.copy('package', numbers, `id = ${model}`, { id: packageId, name: renamed('model.name') });
  rows.copy('owned_name', numbers, `repository_id = ${repository} AND name = '${project}'`, {
    name: renamed('model.name'),
  });
  rows.copy('version', numbers, `id = ${version}`, {
    id: versionId,
    package_id: packageId,
    attributes: renamed('model.attributes'),
  });
  // One file each, though a wheel has its metadata beside it.
  rows.copy('file', numbers, `id = (SELECT min(id) FROM file WHERE version_id = ${version})`, {
    id: 'NULL',
    package_id: packageId,
    version_id: versionId,
    path: renamed('model.path'),
    blob_digest: digestSql(DISTRIBUTIONS),
  });
  rows.run(`UPDATE repository SET names_revision = names_revision + 1 WHERE id = ${repository}`);
}

function growBlobs(rows: BulkRows, series: number, numbers: Numbers): void {
  rows.copy('blob', numbers, "digest = (SELECT min(digest) FROM blob WHERE state = 'live')", {
    digest: digestSql(series),
    generation: generationSql(series),
  });
}
