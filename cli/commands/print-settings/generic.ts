import { defineCommand } from '../../grammar/command.ts';
import { repositoryParts } from '../../resolve.ts';
import { repositoryAddress } from './repository-address.ts';

export const printGenericSettings = defineCommand({
  path: 'artifacts print-settings generic',
  summary:
    'Print the lines that upload, list and download files of a repository with curl, or with this program.',
  description:
    'curl gets the credentials from ~/.netrc, as these lines have it: a user and a password, or the user oauth2accesstoken and ' +
    'what "entrepot auth print-access-token" prints.',
  examples: [
    {
      says: 'For a repository of files:',
      line: 'entrepot artifacts print-settings generic --repository=files --location=us-central1',
    },
  ],
  format: 'text',
  async run(_, cli) {
    const { url } = await repositoryAddress(cli, 'GENERIC');
    const { project, location, repository } = await repositoryParts(cli);
    const at = `--project=${project} --location=${location} --repository=${repository}`;
    return [
      '# With curl:',
      `curl --netrc --fail --upload-file FILE ${url}/PACKAGE/VERSION/FILE`,
      `curl --netrc --fail --remote-name ${url}/PACKAGE/VERSION/FILE`,
      `curl --netrc --fail ${url}/PACKAGE/VERSION/`,
      `curl --netrc --fail --request DELETE ${url}/PACKAGE/VERSION/FILE`,
      '',
      '# In parts that can be resumed, checked on both sides:',
      `entrepot artifacts generic upload ${at} --package=PACKAGE --version=VERSION --source=FILE`,
      `entrepot artifacts generic download ${at} --package=PACKAGE --version=VERSION --destination=.`,
      '',
      '# For .netrc; the user oauth2accesstoken has what "entrepot auth print-access-token" prints for a password:',
      `machine ${new URL(url).hostname} login USER password PASSWORD`,
    ].join('\n');
  },
});
