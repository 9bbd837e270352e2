/** RFC 7617. */
export const genericChallenge = (): string => 'Basic realm="files"';
