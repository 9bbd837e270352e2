import { names } from '../../../contract/names.ts';

interface Grant {
  /** Name of the resource, with or without a service in front. */
  readonly resource: string;
  readonly member: string;
  readonly role: string;
}

/** The command line that makes a grant, ready to be pasted. */
export function grantLine({ resource, member, role }: Grant): string {
  const words = [...commandFor(resource.replace(/^\/\/[^/]+\//, '')), `--member=${member}`, `--role=${role}`];
  return ['entrepot', ...words.map(quoted)].join(' ');
}

function commandFor(name: string): readonly string[] {
  const verb = 'add-iam-policy-binding';
  const inside = names.tag.parse(name) ?? names.version.parse(name) ?? names.package.parse(name);
  const repository = names.repository.parse(name) ?? inside;
  if (repository) {
    const { repository: id, project, location } = repository;
    return ['artifacts', 'repositories', verb, id, `--project=${project}`, `--location=${location}`];
  }
  const [, account] = /^projects\/[^/]+\/serviceAccounts\/([^/]+)$/.exec(name) ?? [];
  if (account !== undefined) return ['iam', 'service-accounts', verb, account];
  const project = names.project.parse(name);
  return project ? ['projects', verb, project.project] : ['organizations', verb, 'entrepot'];
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
