import { EXIT, EXIT_MEANINGS } from './exit.ts';
import { FORMATS } from './output/format-spec.ts';
import { transforms } from './output/transforms.ts';
import { PROPERTIES } from './settings/properties.ts';

const rows = (pairs: Iterable<readonly [string, string]>): string => {
  const all = [...pairs];
  const width = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('');
};

const exitCodes = (): string =>
  `Exit codes. A number never changes its meaning.

${rows(Object.entries(EXIT).map(([name, code]) => [String(code), EXIT_MEANINGS[name as keyof typeof EXIT]] as const))}`;

const formats = (): string =>
  `What --format takes: NAME[ATTRIBUTES](FIELDS).

${rows(Object.entries(FORMATS))}
Fields are dotted names: name, metadata.imageSizeBytes, labels."a.b", tags[0], tags[].
A field may be transformed, name.basename(), and labelled, name:label=ID. Other
column attributes: align=left|center|right, sort=N, reverse, optional.

Attributes: no-heading, separator=TEXT, terminator=TEXT (value and csv),
delimiter=TEXT (between the members of a list), box and title=TEXT (table).

Transforms: ${[...transforms.keys()].map((name) => `${name}()`).join(' ')}

  name.segment(3)                     the part of a name at a place, from 0
  createTime.date('%Y-%m-%d', tz=UTC)  a time, in your time zone unless tz says
  sizeBytes.size()                    bytes as 12.3 MiB; units_out=M for a number
  labels.list()                       key=value pairs with commas between

Examples:
  --format=json
  --format='value(name.basename())'
  --format='table(name.basename():label=REPOSITORY, sizeBytes.size():align=right)'
  --format='csv[no-heading](version, tags.join(" "))'
`;

const filters = (): string =>
  `What --filter takes: terms KEY OPERATOR VALUE.

${rows([
  ['key=value', 'Equal; numbers and times as such, text in any case.'],
  ['key!=value', 'Not equal.'],
  ['key:text', 'Contains the text; with * the whole value must match.'],
  ['key:*', 'Has a value.'],
  ['key<value <= > >=', 'Less or more: numbers, times or text.'],
  ['key~regexp', 'Matches a regular expression; !~ does not.'],
  ['key:(a b)', 'One of several; also key=(a b).'],
  ['word', 'Some field contains the word.'],
])}
Terms are joined by AND, OR, NOT (or - in front) and parentheses; terms side by
side must all hold. AND and OR in one group need parentheses. A key may be a
column heading, and may be transformed: createTime.date('%Y')=2026. Times may be
counted from now: createTime<-P30D is older than thirty days.

A single comparison of name or annotations is done by the server, which allows *
in it: name="projects/p/locations/us/repositories/team-*".
`;

const settings = (): string =>
  `Where settings come from: the flag, else the environment, else "entrepot config
set", else the default.

${rows(
  Object.entries(PROPERTIES).map(
    ([name, property]) =>
      [name, 'env' in property ? `${property.help} Environment: ${property.env}.` : property.help] as const,
  ),
)}
Credentials: --access-token-file, else ENTREPOT_ACCESS_TOKEN, else the key file
in GOOGLE_APPLICATION_CREDENTIALS if it is one of this server, else the login
that "entrepot auth login" or "entrepot auth activate-service-account" stored
for the server. --impersonate-service-account acts as a service account with it.

Files are kept in $ENTREPOT_CONFIG, else $XDG_CONFIG_HOME/entrepot, else
~/.config/entrepot.
`;

/** What `entrepot help TOPIC` shows. */
export const TOPICS: Readonly<Record<string, () => string>> = {
  'exit-codes': exitCodes,
  filters,
  formats,
  settings,
};
