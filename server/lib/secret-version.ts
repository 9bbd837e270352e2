/** Google's name of a secret that somebody else keeps, taken apart. */
export interface SecretVersion {
  readonly project: string;
  readonly secret: string;
  readonly version: string;
}

const NAME =
  /^projects\/([a-z][a-z0-9:.-]{0,62})\/secrets\/([\w-]{1,255})\/versions\/(latest|[1-9]\d{0,18})$/;

/** `projects/P/secrets/S/versions/V`, whose parts are good as names of files; nothing for anything else. */
export function secretVersion(name: string): SecretVersion | undefined {
  const [, project, secret, version] = NAME.exec(name) ?? [];
  return project !== undefined && !project.includes('..') && secret !== undefined && version !== undefined
    ? { project, secret, version }
    : undefined;
}
