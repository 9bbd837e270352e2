import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Application, type MavenRepository, Mvn } from './clients/mvn.ts';
import { egressThrough } from './harness/egress.ts';
import { MavenRepositories } from './harness/maven-repositories.ts';
import { describeWith } from './harness/needs.ts';
import { publicMavenMissing } from './harness/public-maven.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 600_000;
/** What a service with its data, its metrics and its tests asks for; what has no version has the one that is managed. */
const APPLICATION: Application = {
  managed: ['org.springframework.boot:spring-boot-dependencies:3.3.2'],
  dependencies: [
    'org.springframework.boot:spring-boot-starter-web',
    'org.springframework.boot:spring-boot-starter-data-jpa',
    'org.springframework.boot:spring-boot-starter-security',
    'org.springframework.boot:spring-boot-starter-actuator',
    'org.springframework.boot:spring-boot-starter-validation',
    'org.springframework.boot:spring-boot-starter-test',
    'org.springframework.kafka:spring-kafka',
    'io.micrometer:micrometer-registry-prometheus',
    'org.postgresql:postgresql',
    'org.flywaydb:flyway-database-postgresql',
    'com.google.guava:guava:33.2.1-jre',
    'org.apache.commons:commons-compress:1.26.2',
    'software.amazon.awssdk:s3:2.26.20',
  ],
};

function throughACache(): void {
  let server: Server;
  let space: Scratch;
  let way: Relay;
  let cache: MavenRepository;

  beforeAll(async () => {
    space = await scratch('maven-public');
    way = await Relay.proxy();
    server = await startServer({ flags: egressThrough(way) });
    cache = await new MavenRepositories(server).remote('public', 'MAVEN_CENTRAL');
  }, LIMIT_MS);

  afterAll(async () => {
    await server.stop();
    await way[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  }, LIMIT_MS);

  /** With nothing that it knows from before. */
  const resolved = async (): Promise<readonly string[]> =>
    (await Mvn.open(join(space.path, crypto.randomUUID().slice(0, 8)), cache)).resolve(APPLICATION);

  test(
    'resolves an application of more than a hundred jars cold, warm, and with the upstream cut',
    async () => {
      const cold = await resolved();
      expect(cold.length).toBeGreaterThan(100);
      expect(await resolved()).toEqual(cold);
      way.cut();
      expect(await resolved()).toEqual(cold);
    },
    LIMIT_MS,
  );
}

const NAME = 'a remote repository of the public repository of Maven';
const missing = await publicMavenMissing();
if (missing === undefined) describeWith(NAME, Mvn.programs, throughACache);
else {
  console.warn(`skipped ${NAME}: it cannot be reached from here: ${missing}`);
  describe.skip(NAME, throughACache);
}
