import type { Role } from '../../../../contract/client.ts';
import { usage } from '../../../exit.ts';
import { choice, list, text } from '../../../grammar/flags.ts';
import { given } from '../../given.ts';
import { documentOf } from '../../iam-policy/document-file.ts';
import { textOfFile } from '../../../text-file.ts';

export const fieldFlags = {
  title: text('TITLE', 'Name for people.'),
  description: text('TEXT', 'What the role is for.'),
  permissions: list('PERMISSION', 'All its permissions; list-testable-permissions shows those there are.'),
  stage: choice(
    ['alpha', 'beta', 'ga', 'deprecated', 'disabled', 'eap'],
    'Launch stage. A disabled role gives nothing to anyone.',
  ),
  file: text('FILE', 'File with the role, JSON or YAML: title, description, stage, includedPermissions.'),
};

interface Fields {
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly permissions: readonly string[] | undefined;
  readonly stage: string | undefined;
  readonly file: string | undefined;
}

/** What a line says of a role, by flags or by a file. */
export async function roleFields({ file, ...flags }: Fields): Promise<Role> {
  const { title, description, permissions, stage } = flags;
  const said: Role = given({
    title,
    description,
    includedPermissions: permissions,
    stage: stage?.toUpperCase() as Role['stage'],
  });
  if (file === undefined) return said;
  if (Object.keys(said).length > 0) throw usage('give --file or the other flags, not both');
  const content = await textOfFile(file, '--file: cannot read');
  const { name: _name, deleted: _deleted, ...fields } = documentOf(content, file) as Role;
  return fields;
}
