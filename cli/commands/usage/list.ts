import type { Usage } from '../../../contract/client.ts';
import { names } from '../../../contract/names.ts';
import { usage } from '../../exit.ts';
import { defineCommand, maybe } from '../../grammar/command.ts';
import { toggle } from '../../grammar/flags.ts';
import { packageName, repositoryName } from '../../resolve.ts';
import { asText } from '../../output/scalar.ts';
import { transforms } from '../../output/transforms.ts';
import { bySize } from '../paging.ts';

export const listUsage = defineCommand({
  path: 'artifacts usage list',
  summary: 'Show how much is stored, and where.',
  description: `Shows the repositories of a project; with --repository, its packages; with a package, its versions; with
--all-projects, the projects.

What several names stand for counts once. SIZE is what something holds; SHARED is the part of that that others below the
same parent hold too, such as layers of a common base image, and UNIQUE the rest: what deleting it would free there. So the
sizes of parts may add up to more than the total, where what is shared counts once.`,
  examples: [
    {
      says: 'The repositories of a project, the largest first:',
      line: 'entrepot artifacts usage list --sort-by=~sizeBytes',
    },
    { says: 'The images of a repository:', line: 'entrepot artifacts usage list --repository=images' },
    { says: 'The versions of an image:', line: 'entrepot artifacts usage list app --repository=images' },
    { says: 'The whole installation:', line: 'entrepot artifacts usage list --all-projects' },
  ],
  positionals: { package: maybe('Id of a package of the repository, to show its versions.') },
  flags: { allProjects: toggle('Show the projects of the whole installation.') },
  lists: true,
  format: `table(
    name.basename().sub("%2F", "/"):label=NAME,
    versionCount:label=VERSIONS,
    sizeBytes.size(zero='0 B'):label=SIZE,
    sharedBytes.size(zero='0 B'):label=SHARED,
    uniqueBytes.size(zero='0 B'):label=UNIQUE,
    quota.maxBytes.size():label=MAX_SIZE,
    quota.maxVersions:label=MAX_VERSIONS
  )`,
  async run({ package: pkg, allProjects = false }, cli) {
    const { repository } = cli.globals;
    if (allProjects && (pkg !== undefined || repository !== undefined))
      throw usage('--all-projects shows projects; leave out the package and --repository');
    const client = await cli.client();
    const name = await parentName();
    let total: Usage = {};
    const parts = client.usage.parts(name, { ...bySize(cli), onTotal: (found) => void (total = found) });
    const first = await parts.next();
    await cli.terminal.notice(`${totalText(total)}\n`);
    return rows();

    async function parentName(): Promise<string | undefined> {
      if (allProjects) return undefined;
      if (pkg !== undefined) return packageName(cli, pkg);
      if (repository !== undefined) return repositoryName(cli);
      return names.project.format({ project: await cli.project() });
    }
    async function* rows(): AsyncGenerator<Usage> {
      if (first.done) return;
      yield first.value;
      yield* parts;
    }
  },
});

/** `Total: 1.2 GiB of 10.0 GiB in 34 of 100 versions.` */
function totalText({ sizeBytes = '0', versionCount = '0', quota = {} }: Usage): string {
  const bytes = `${sizeText(sizeBytes)}${quota.maxBytes === undefined ? '' : ` of ${sizeText(quota.maxBytes)}`}`;
  const versions = `${versionCount}${quota.maxVersions === undefined ? '' : ` of ${quota.maxVersions}`}`;
  return `Total: ${bytes} in ${versions} ${versionCount === '1' && quota.maxVersions === undefined ? 'version' : 'versions'}.`;
}

const sizeText = (bytes: string): string =>
  asText(transforms.get('size')?.(bytes, { args: [], named: {}, resource: undefined }));
