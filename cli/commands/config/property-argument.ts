import { one } from '../../grammar/command.ts';
import { PROPERTIES } from '../../settings/properties.ts';

export const propertyArgument = one(
  `SECTION/NAME, or NAME for a property of core. One of ${Object.keys(PROPERTIES).join(', ')}.`,
);
