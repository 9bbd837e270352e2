/** What packages are found by, and the names that stay used. */
export const NAMES: readonly string[] = [
  // Found by words and their beginnings, in one repository whatever others have; the row is the package's.
  `CREATE VIRTUAL TABLE package_text USING fts5 (
    repository, name, text, tokenize = 'unicode61', prefix = '1 2 3'
  )`,
  // Texts that are not in it yet: a few, since it takes them together for the price of one.
  `CREATE TABLE new_text (
    seq INTEGER PRIMARY KEY,
    package_id INTEGER NOT NULL REFERENCES package(id) ON DELETE CASCADE,
    text TEXT NOT NULL
  ) STRICT`,
  // Names that were published once stay their repository's, and versions stay used, though nothing is left of them.
  `CREATE TABLE owned_name (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (repository_id, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE used_version (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (repository_id, package, version)
  ) STRICT, WITHOUT ROWID`,
];
