/** Text that is markup already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | undefined | readonly Html[];

/** A template whose values are text, whatever they hold; other templates in it stay markup. */
export const html = (markup: TemplateStringsArray, ...values: readonly Part[]): Html =>
  new Html(markup.map((piece, index) => (index === 0 ? '' : written(values[index - 1])) + piece).join(''));

function written(value: Part): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return String(value).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
