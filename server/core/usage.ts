/** How much may be in a project or repository; without a number, as much as there is room for. */
export interface Quota {
  readonly maxBytes?: number;
  readonly maxVersions?: number;
}
