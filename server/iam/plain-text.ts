/** What names in policies and logs are made of: nothing that cannot be seen, and no space at an end. */
export const PLAIN_TEXT = /^(?! )[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+(?<! )$/u;
