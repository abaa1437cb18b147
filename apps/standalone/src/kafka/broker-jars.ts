import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './java.js';

/** The Kafka that runs. */
export const KAFKA_VERSION = '4.4.0';
const LOG4J_VERSION = '2.25.5';
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/**
 * The folder with the broker's jars, fetched from Maven Central (63 MB, once) where they are missing.
 *
 * @param cache where jars of all versions are kept
 * @param fetching told before a fetch, which takes a while
 * @throws Error in one line when Maven is missing or cannot fetch
 */
export async function brokerJars(cache: string, fetching: () => void): Promise<string> {
  const folder = join(cache, KAFKA_VERSION);
  const jars = join(folder, 'libs');
  if (existsSync(jars)) return jars;
  fetching();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pom.xml'), POM);
  const draft = `${jars}.${process.pid}`;
  const args = ['-B', '-ntp', '-q', COPY_DEPENDENCIES, '-DincludeScope=runtime', `-DoutputDirectory=${draft}`];
  try {
    await runTool(
      'mvn',
      args,
      'Kafka is fetched by Maven once, and mvn is not there: install it (Debian: maven).',
      folder,
    );
    // Renamed when it is whole, so that a fetch that was cut short begins anew.
    if (!existsSync(jars)) renameSync(draft, jars);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return jars;
}

const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const POM = `<project><modelVersion>4.0.0</modelVersion>
<groupId>paradesk</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION)}
</dependencies></project>
`;
