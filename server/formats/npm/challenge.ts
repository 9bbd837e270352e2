/** RFC 7617. */
export const npmChallenge = (): string => 'Basic realm="npm"';
