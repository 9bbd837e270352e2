/** RFC 7617. */
export const mavenChallenge = (): string => 'Basic realm="maven"';
