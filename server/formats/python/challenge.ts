/** RFC 7617. */
export const pythonChallenge = (): string => 'Basic realm="python"';
