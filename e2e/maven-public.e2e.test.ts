import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Application, Mvn } from './clients/mvn.ts';
import { MavenRepositories } from './harness/maven-repositories.ts';
import { describePublicCache, PUBLIC_LIMIT_MS } from './harness/public-cache.ts';
import { publicMissing } from './harness/public-registry.ts';

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

describePublicCache(
  {
    registry: 'the public repository of Maven',
    missing: await publicMissing('pkg:maven/org.slf4j/slf4j-api@2.0.13'),
    programs: Mvn.programs,
    open: (server) => new MavenRepositories(server).remote('public', 'MAVEN_CENTRAL'),
  },
  (through) =>
    test(
      'resolves an application of more than a hundred jars cold, warm, and with the upstream cut',
      async () => {
        const { space, caches, cut } = through();
        /** With nothing that it knows from before. */
        const resolved = async (): Promise<readonly string[]> =>
          (await Mvn.open(join(space.path, crypto.randomUUID().slice(0, 8)), caches)).resolve(APPLICATION);

        const cold = await resolved();
        expect(cold.length).toBeGreaterThan(100);
        expect(await resolved()).toEqual(cold);
        cut();
        expect(await resolved()).toEqual(cold);
      },
      PUBLIC_LIMIT_MS,
    ),
);
