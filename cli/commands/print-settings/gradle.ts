import { defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { encodedKey } from './encoded-key.ts';
import { mavenRepository } from './maven-repository.ts';

export const printGradleSettings = defineCommand({
  path: 'artifacts print-settings gradle',
  summary: 'Print what goes into build.gradle to use and publish to a repository with Gradle.',
  description:
    'The credentials are read from gradle.properties, which is in ~/.gradle. With --json-key they are in what is printed for it: keep ' +
    'that file to yourself. Without, a password is what "entrepot auth print-access-token" prints, of the user oauth2accesstoken.',
  examples: [
    {
      says: 'For a project:',
      line: 'entrepot artifacts print-settings gradle --repository=maven --location=us-central1',
    },
    {
      says: 'With the key of a service account, for a program:',
      line: 'entrepot artifacts print-settings gradle --repository=maven --json-key=key.json',
    },
  ],
  flags: {
    jsonKey: text('FILE', 'Key file of a service account to log in with.'),
  },
  format: 'text',
  async run({ jsonKey }, cli) {
    const key = jsonKey === undefined ? undefined : await encodedKey(jsonKey);
    const { url } = await mavenRepository(cli);
    const [username, password] =
      key === undefined ? ['oauth2accesstoken', 'TOKEN'] : ['_json_key_base64', key];
    const repository = (indent: string): readonly string[] =>
      [
        'repositories {',
        '  maven {',
        `    url = uri("${url}")`,
        ...(url.startsWith('http:') ? ['    allowInsecureProtocol = true'] : []),
        '    credentials {',
        '      username = artifactRegistryUsername',
        '      password = artifactRegistryPassword',
        '    }',
        '    authentication {',
        '      basic(BasicAuthentication)',
        '    }',
        '  }',
        '}',
      ].map((line) => indent + line);
    const lines = [
      '// For gradle.properties in ~/.gradle:',
      `// artifactRegistryUsername=${username}`,
      `// artifactRegistryPassword=${password}`,
      '',
      '// For build.gradle:',
      'plugins {',
      '  id "maven-publish"',
      '}',
      '',
      'publishing {',
      ...repository('  '),
      '}',
      '',
      ...repository(''),
    ];
    return lines.join('\n');
  },
});
