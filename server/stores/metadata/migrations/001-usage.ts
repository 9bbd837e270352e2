/**
 * What packages, repositories and projects have, counted with every change, so that asking costs a look at a row. Each has
 * a blob once, however many of its files name it, and alone (`unique_bytes`) while no other one below the same parent has it.
 * What is in the trash is its repository's, and no package's.
 */

interface Row {
  readonly name: 'NEW' | 'OLD';
  readonly sign: '+' | '-';
}
const COMES: Row = { name: 'NEW', sign: '+' };
const GOES: Row = { name: 'OLD', sign: '-' };
const opposite = ({ sign }: Row): '+' | '-' => (sign === '+' ? '-' : '+');

/** Whose siblings are found in the order of an index: packages by their files, projects by the blobs they have. */
interface Siblings {
  readonly table: 'package' | 'project';
  readonly held: 'file' | 'project_blob';
  readonly digest: string;
  readonly holder: string;
  readonly parent?: string;
}
const PACKAGE: Siblings = {
  table: 'package',
  held: 'file',
  digest: 'blob_digest',
  holder: 'package_id',
  parent: 'repository_id',
};
const PROJECT: Siblings = { table: 'project', held: 'project_blob', digest: 'digest', holder: 'project' };

const sizeOf = (digest: string): string => `(SELECT size FROM blob WHERE digest = ${digest})`;

/**
 * Somebody gets a blob, or has it no more; whoever else has it alone, has it alone no more, or again. Who that is takes
 * a few look-ups, however many have it: one alone is both the first and the last.
 */
function moved({ table, held, digest, holder, parent }: Siblings, row: Row, unless?: string): string {
  const self = `${row.name}.${holder}`;
  const found = (which: 'min' | 'max', than: '<' | '>') =>
    `(SELECT ${which}(${holder}) FROM ${held} WHERE ${digest} = ${row.name}.${digest}
      ${parent === undefined ? '' : `AND ${parent} = ${row.name}.${parent}`} AND ${holder} ${than} ${self})`;
  const first = `coalesce(${found('min', '<')}, ${found('min', '>')})`;
  const last = `coalesce(${found('max', '>')}, ${found('max', '<')})`;
  const size = sizeOf(`${row.name}.${digest}`);
  const also = unless === undefined ? '' : ` AND NOT ${unless}`;
  return `UPDATE ${table} SET size_bytes = size_bytes ${row.sign} ${size},
      unique_bytes = unique_bytes ${row.sign} iif(${first} IS NULL, ${size}, 0)
    WHERE id = ${self}${also};
    UPDATE ${table} SET unique_bytes = unique_bytes ${opposite(row)} ${size}
    WHERE id = ${first} AND id = ${last}${also};`;
}

const namedIn = (table: 'file' | 'deleted_file', { name }: Row, others = ''): string =>
  `EXISTS (SELECT 1 FROM ${table} WHERE blob_digest = ${name}.blob_digest AND repository_id = ${name}.repository_id ${others})`;

/** Whether another file of the same package, or of the repository and its trash, names the row's blob. */
const named = (owner: 'package' | 'repository', row: Row): string =>
  owner === 'package'
    ? namedIn('file', row, `AND package_id = ${row.name}.package_id AND id <> ${row.name}.id`)
    : `(${namedIn('file', row, `AND id <> ${row.name}.id`)} OR ${namedIn('deleted_file', row)})`;

/** The same for a file that is in the trash. */
const namedBeside = (row: Row): string => {
  const { name } = row;
  return `(${namedIn('file', row)} OR
    ${namedIn('deleted_file', row, `AND (deleted_id <> ${name}.deleted_id OR path <> ${name}.path)`)})`;
};

/** A project knows how many of its repositories have a blob, and the sum of their ids: of one alone that is its id. */
function repositoryMoved(row: Row, unless?: string): string {
  const also = unless === undefined ? '' : ` AND NOT ${unless}`;
  const ofProject = `digest = OLD.blob_digest
    AND project = (SELECT project FROM repository WHERE id = OLD.repository_id)${also}`;
  const inProject =
    row.sign === '+'
      ? `INSERT INTO project_blob (digest, project, repositories, repository_ids)
           SELECT NEW.blob_digest, project, 1, id FROM repository WHERE id = NEW.repository_id${also}
         ON CONFLICT (digest, project) DO UPDATE SET repositories = repositories + 1,
           repository_ids = repository_ids + excluded.repository_ids;`
      : `DELETE FROM project_blob WHERE ${ofProject} AND repositories = 1;
         UPDATE project_blob SET repositories = repositories - 1,
           repository_ids = repository_ids - OLD.repository_id WHERE ${ofProject};`;
  return `UPDATE repository SET size_bytes = size_bytes ${row.sign} ${sizeOf(`${row.name}.blob_digest`)}
    WHERE id = ${row.name}.repository_id${also}; ${inProject}`;
}

const aloneInProject = (row: Row): string =>
  `UPDATE repository SET unique_bytes = unique_bytes ${row.sign} ${sizeOf(`${row.name}.digest`)}
    WHERE id = ${row.name}.repository_ids;`;

/**
 * A version is its repository's from when it comes until it is neither there nor in the trash: on its way there and back it
 * keeps its id, and nothing grows.
 */
const countVersion = ({ name, sign }: Row, elsewhere: string): string =>
  `UPDATE repository SET version_count = version_count ${sign} 1 WHERE id = ${name}.repository_id AND NOT ${elsewhere};`;
const countInPackage = ({ name, sign }: Row): string =>
  `UPDATE package SET version_count = version_count ${sign} 1 WHERE id = ${name}.package_id;`;
const inTrash = ({ name }: Row): string =>
  `EXISTS (SELECT 1 FROM deleted_version WHERE version_id = ${name}.id)`;
const isThere = ({ name }: Row): string => `EXISTS (SELECT 1 FROM version WHERE id = ${name}.version_id)`;

/** What is counted may not grow past the limit, whatever makes it grow. It may shrink to what is still too much. */
const limited = (table: 'repository' | 'project', [counted, limit]: readonly [string, string]): string =>
  `CREATE TRIGGER ${table}_${limit}_kept BEFORE UPDATE OF ${counted} ON ${table}
     WHEN NEW.${counted} > OLD.${counted} AND NEW.${counted} > NEW.${limit}
     BEGIN SELECT RAISE(ABORT, 'quota: ${table} ${limit}'); END`;

export const USAGE: readonly string[] = [
  ...(['repository', 'project'] as const).flatMap((table) => [
    limited(table, ['size_bytes', 'max_bytes']),
    limited(table, ['version_count', 'max_versions']),
  ]),

  `CREATE TRIGGER package_got_blob AFTER INSERT ON file
     WHEN NEW.package_id IS NOT NULL AND NOT ${named('package', COMES)} BEGIN ${moved(PACKAGE, COMES)} END`,
  `CREATE TRIGGER package_lost_blob AFTER DELETE ON file
     WHEN OLD.package_id IS NOT NULL AND NOT ${named('package', GOES)} BEGIN ${moved(PACKAGE, GOES)} END`,
  `CREATE TRIGGER repository_got_blob AFTER INSERT ON file
     WHEN NOT ${named('repository', COMES)} BEGIN ${repositoryMoved(COMES)} END`,
  `CREATE TRIGGER repository_lost_blob AFTER DELETE ON file
     WHEN NOT ${named('repository', GOES)} BEGIN ${repositoryMoved(GOES)} END`,
  // One trigger, since what goes makes room for what comes.
  `CREATE TRIGGER blob_exchanged AFTER UPDATE OF blob_digest ON file WHEN NEW.blob_digest <> OLD.blob_digest BEGIN
     ${moved(PACKAGE, GOES, named('package', GOES))}
     ${moved(PACKAGE, COMES, named('package', COMES))}
     ${repositoryMoved(GOES, named('repository', GOES))}
     ${repositoryMoved(COMES, named('repository', COMES))} END`,

  `CREATE TRIGGER project_got_blob AFTER INSERT ON project_blob BEGIN
     ${aloneInProject(COMES)} ${moved(PROJECT, COMES)} END`,
  `CREATE TRIGGER project_lost_blob AFTER DELETE ON project_blob BEGIN
     ${aloneInProject(GOES)} ${moved(PROJECT, GOES)} END`,
  `CREATE TRIGGER project_shared_blob AFTER UPDATE ON project_blob WHEN OLD.repositories = 1 BEGIN
     ${aloneInProject(GOES)} END`,
  `CREATE TRIGGER project_unshared_blob AFTER UPDATE ON project_blob WHEN NEW.repositories = 1 BEGIN
     ${aloneInProject(COMES)} END`,

  `CREATE TRIGGER repository_kept_blob AFTER INSERT ON deleted_file
     WHEN NOT ${namedBeside(COMES)} BEGIN ${repositoryMoved(COMES)} END`,
  `CREATE TRIGGER repository_purged_blob AFTER DELETE ON deleted_file
     WHEN NOT ${namedBeside(GOES)} BEGIN ${repositoryMoved(GOES)} END`,

  `CREATE TRIGGER version_counted AFTER INSERT ON version BEGIN
     ${countInPackage(COMES)} ${countVersion(COMES, inTrash(COMES))} END`,
  `CREATE TRIGGER version_uncounted AFTER DELETE ON version BEGIN
     ${countInPackage(GOES)} ${countVersion(GOES, inTrash(GOES))} END`,
  `CREATE TRIGGER version_kept AFTER INSERT ON deleted_version BEGIN ${countVersion(COMES, isThere(COMES))} END`,
  `CREATE TRIGGER version_purged AFTER DELETE ON deleted_version BEGIN ${countVersion(GOES, isThere(GOES))} END`,
  `CREATE TRIGGER project_versions_counted AFTER UPDATE OF version_count ON repository BEGIN
     UPDATE project SET version_count = version_count + NEW.version_count - OLD.version_count
       WHERE id = NEW.project; END`,
  // Whose they were is not known any more once it is gone.
  `CREATE TRIGGER repository_emptied_first BEFORE DELETE ON repository
     WHEN EXISTS (SELECT 1 FROM file WHERE repository_id = OLD.id) OR OLD.version_count > 0
     BEGIN SELECT RAISE(ABORT, 'a repository is emptied before it goes'); END`,
];
