import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../../server/testing/maven.ts';
import { attempt, type Finished, run } from '../harness/run.ts';
import { ENTREPOT } from './go-client.ts';

/**
 * Debian's Gradle, 4.4.1, knows no way to a repository to publish by (its `maven-publish` says that there are no transporters), so it
 * is given Maven's, which only the older plugin takes.
 */
const TRANSPORT = [
  'maven-resolver-transport-wagon',
  'wagon-http-lightweight',
  'wagon-http-shared',
  'wagon-provider-api',
  'jsoup',
].map((name) => `/usr/share/java/${name}.jar`);
const GROUP = 'com.acme';
/** The way to anything but this machine leads nowhere, so that it reaches nobody else. */
const ALONE = ['http', 'https'].flatMap((way) => [`-D${way}.proxyHost=127.0.0.1`, `-D${way}.proxyPort=1`]);
/** It is slow to start, and slower where others work. */
const LIMIT_MS = 280_000;

/** What `entrepot artifacts print-settings gradle` prints. */
export interface GradleSettings {
  /** For `gradle.properties`. */
  readonly properties: string;
  /** For `build.gradle`. */
  readonly repositories: string;
}

export interface Publication {
  readonly to: GradleSettings;
  readonly artifact: Required<Pick<Artifact, 'name' | 'version'>>;
  readonly says: string;
  /** `NAME:VERSION` of what it depends on. */
  readonly needs?: string;
}

/** What is printed for a program that has a key file. */
export async function printedSettings(
  directory: string,
  { url, token, repository, key }: { readonly [field in 'url' | 'token' | 'repository' | 'key']: string },
): Promise<GradleSettings> {
  const file = join(directory, `key-${crypto.randomUUID().slice(0, 8)}.json`);
  await writeFile(file, key);
  const where = [`--repository=${repository}`, '--location=us-central1', '--project=my-project'];
  const printed = await run(
    [...ENTREPOT, 'artifacts', 'print-settings', 'gradle', ...where, `--json-key=${file}`],
    { env: { HOME: directory, ENTREPOT_SERVER: url, ENTREPOT_ACCESS_TOKEN: token } },
  );
  const lines = printed.split('\n');
  return {
    properties: lines
      .filter((line) => line.startsWith('// artifactRegistry'))
      .map((line) => `${line.slice('// '.length)}\n`)
      .join(''),
    // Gradle asks for that only since it does not take HTTP for granted.
    repositories: lines
      .slice(lines.lastIndexOf('repositories {'))
      .filter((line) => !line.includes('allowInsecureProtocol'))
      .join('\n'),
  };
}

/** Gradle with a home of its own. */
export class Gradle {
  readonly #directory: string;
  #builds = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static readonly programs = ['gradle', 'java'];

  static async open(directory: string): Promise<Gradle> {
    await mkdir(directory, { recursive: true });
    return new Gradle(directory);
  }

  /** Publishes each to its repository: those that can be, whatever becomes of the others. */
  publish(publications: readonly Publication[]): Promise<Finished> {
    const projects = publications.map(({ to, artifact, says, needs }) => ({
      settings: to,
      says,
      script: `
        apply plugin: 'base'
        apply plugin: 'maven'
        group = '${GROUP}'
        version = '${artifact.version}'
        configurations { transport }
        dependencies { transport files(${JSON.stringify(TRANSPORT).slice(1, -1)}) }
        task jar(type: Jar) { baseName = '${artifact.name}'; from 'says.txt' }
        artifacts { archives jar }
        ${to.repositories}
        uploadArchives {
          repositories {
            mavenDeployer {
              configuration = configurations.transport
              repository(url: project.repositories[0].url) {
                authentication(userName: artifactRegistryUsername, password: artifactRegistryPassword)
              }
              pom.artifactId = '${artifact.name}'
              ${needs === undefined ? '' : `pom.project { dependencies { ${dependency(needs)} } }`}
            }
          }
        }`,
    }));
    return this.#build(projects, ['uploadArchives', '--continue']);
  }

  /** Resolves `NAME:VERSION` from each of the repositories; answers, for each, what the jars say that it came to, sorted. */
  async resolve(
    from: readonly GradleSettings[],
    wanted: readonly string[],
  ): Promise<readonly (readonly string[])[]> {
    const names = wanted.map((each) => `'${GROUP}:${each}'`).join(', ');
    const projects = from.map((settings) => ({
      settings,
      script: `
        ${settings.repositories}
        configurations { wanted { resolutionStrategy { cacheChangingModulesFor 0, 'seconds' } } }
        dependencies { wanted ${names} }
        task say {
          doLast {
            configurations.wanted.each { println "said \${project.name} " + zipTree(it).matching { include 'says.txt' }.singleFile.text }
          }
        }`,
    }));
    const { code, stdout, stderr } = await this.#build(projects, ['say']);
    if (code !== 0) throw new Error(`gradle ended with ${code}\n${stdout}${stderr}`);
    return from.map((_, at) =>
      Array.from(stdout.matchAll(new RegExp(`^said p${at} (.*)$`, 'gm')), ([, said = '']) => said).sort(),
    );
  }

  async #build(
    projects: readonly {
      readonly settings: GradleSettings;
      readonly script: string;
      readonly says?: string;
    }[],
    args: readonly string[],
  ): Promise<Finished> {
    const root = join(this.#directory, `build-${(this.#builds += 1)}`);
    for (const [at, { settings, script, says }] of projects.entries()) {
      const folder = join(root, `p${at}`);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'gradle.properties'), settings.properties);
      await writeFile(join(folder, 'build.gradle'), script);
      if (says !== undefined) await writeFile(join(folder, 'says.txt'), says);
    }
    const included = projects.map((_, at) => `'p${at}'`).join(', ');
    await writeFile(join(root, 'settings.gradle'), `include ${included}\n`);
    return attempt(
      ['gradle', '--no-daemon', '--console=plain', '-g', join(this.#directory, 'home'), ...args],
      {
        cwd: root,
        env: { HOME: this.#directory, GRADLE_OPTS: [`-Duser.home=${this.#directory}`, ...ALONE].join(' ') },
        timeout: LIMIT_MS,
      },
    );
  }
}

function dependency(coordinates: string): string {
  const [name = '', version = ''] = coordinates.split(':');
  return `dependency { groupId '${GROUP}'; artifactId '${name}'; version '${version}'; scope 'compile' }`;
}
