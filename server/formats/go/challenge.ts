/** RFC 7617. */
export const goChallenge = (): string => 'Basic realm="go"';
