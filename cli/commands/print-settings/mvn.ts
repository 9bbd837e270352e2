import { defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { encodedKey } from './encoded-key.ts';
import { mavenRepository } from './maven-repository.ts';

/** What the server of a repository is called in settings.xml. */
const ID = 'artifact-registry';
/** The user that a key file, in Base64, is the password of. */
const USER = '_json_key_base64';

export const printMavenSettings = defineCommand({
  path: 'artifacts print-settings mvn',
  summary: 'Print what goes into pom.xml and settings.xml to use and publish to a repository with Maven.',
  description:
    'With --json-key the credentials are in what is printed for settings.xml, which is in ~/.m2: keep that file to yourself. ' +
    'Without, a password is what "entrepot auth print-access-token" prints, of the user oauth2accesstoken.',
  examples: [
    {
      says: 'For a project:',
      line: 'entrepot artifacts print-settings mvn --repository=maven --location=us-central1',
    },
    {
      says: 'With the key of a service account, for a program:',
      line: 'entrepot artifacts print-settings mvn --repository=maven --json-key=key.json',
    },
  ],
  flags: {
    jsonKey: text('FILE', 'Key file of a service account to log in with.'),
  },
  format: 'text',
  async run({ jsonKey }, cli) {
    const key = jsonKey === undefined ? undefined : await encodedKey(jsonKey);
    const { url, releases, snapshots } = await mavenRepository(cli);
    const place = (name: string): readonly string[] => [
      `    <${name}>`,
      `      <id>${ID}</id>`,
      `      <url>${url}</url>`,
      `    </${name}>`,
    ];
    const [username, password] = key === undefined ? ['oauth2accesstoken', 'TOKEN'] : [USER, key];
    const lines = [
      '<!-- For pom.xml: -->',
      '<project>',
      '  <distributionManagement>',
      ...(releases ? place('repository') : []),
      ...(snapshots ? place('snapshotRepository') : []),
      '  </distributionManagement>',
      '  <repositories>',
      '    <repository>',
      `      <id>${ID}</id>`,
      `      <url>${url}</url>`,
      `      <releases><enabled>${releases}</enabled></releases>`,
      `      <snapshots><enabled>${snapshots}</enabled></snapshots>`,
      '    </repository>',
      '  </repositories>',
      '</project>',
      '',
      '<!-- For settings.xml: -->',
      '<settings>',
      '  <servers>',
      '    <server>',
      `      <id>${ID}</id>`,
      `      <username>${username}</username>`,
      `      <password>${password}</password>`,
      '    </server>',
      '  </servers>',
      '</settings>',
    ];
    return lines.join('\n');
  },
});
