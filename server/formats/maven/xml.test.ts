import { describe, expect, test } from 'bun:test';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import * as fc from 'fast-check';
import type { Element } from './read-xml.ts';
import { readXml, textAt } from './xml.ts';

const read = (text: string, lenient = false) => readXml(new TextEncoder().encode(text), { lenient });

const refusal = (text: string): Promise<string> => read(text).then(() => 'read', String);

describe('a document', () => {
  test('is read with its elements, and what is in them', async () => {
    const root = await read(
      `<?xml version="1.0"?>\n<!-- a --><?b c?><r a='>' b="&lt;/r>">1<s/><t x = "1" >2<!-- 3 -->&amp;<![CDATA[<&]]>&#x33;&#52;</t > 5</r>\n`,
    );
    expect(root).toEqual({
      name: 'r',
      text: '12&<&34 5',
      elements: [
        { name: 's', text: '', elements: [] },
        { name: 't', text: '2&<&34', elements: [] },
      ],
    });
  });

  test('has lines that end as they do on every system', async () => {
    const root = await read('<a>\r\n<b>one\r\ntwo\rthree</b>\r</a>');
    expect(textAt(root, 'b')).toBe('one\ntwo\nthree');
  });

  test.each([
    ['lines that end with a carriage return', '\r\n'],
    ['hyphens', '-'],
    ['characters of space', ' '],
    ['signs that begin nothing', '>'],
  ])('is read at once that has millions of %s', async (_, each) => {
    const root = await read(`<a>${each.repeat(4_000_000)}<b>c</b></a>`);
    expect(textAt(root, 'b')).toBe('c');
  });

  test.each([
    ['elements', '<b/>'],
    ['comments', '<!---->'],
  ])('is not read that has more %s than anybody needs', async (_, markup) => {
    expect(await refusal(`<a>${markup.repeat(500_000)}</a>`)).toContain('more than 400000 tags');
  });

  test('is not read that has more attributes, or more references, than anybody needs', async () => {
    expect(await refusal(`<a>${'&#65;'.repeat(40_001)}</a>`)).toContain('more than 400000 tags');
    const attributes = Array.from({ length: 40_000 }, (_, at) => ` a${at}=""`);
    expect(await refusal(`<a${attributes.join('')}/>`)).toContain('more than 400000 tags');
  });

  test.each([
    ['<a>&nbsp;</a>', 'is not declared'],
    ['<!DOCTYPE a><a/>', 'document type'],
    ['<a><![CDATA[</a>', 'not well-formed'],
    ['<a><!-- -- --></a>', 'not well-formed'],
    [`<a>${'<a>'.repeat(200)}`, 'nested more than 200 deep'],
    ['<a b="1" b="2"/>', 'an attribute is there twice'],
    ['<a/><b/>', 'more than one element'],
    ['<a>\0</a>', 'a character that XML does not have'],
  ])('%j is refused in words', async (text, words) => {
    expect(await refusal(text)).toContain(words);
  });
});

/** Pieces that documents are made of, most of them in the wrong place. */
const piece = fc.constantFrom(
  '<a>',
  '</a>',
  '<a ',
  '<b:c d="e">',
  '</b:c>',
  '<é/>',
  '<1/>',
  '< a>',
  '</a >',
  '</ a>',
  '/>',
  '>',
  ' b="c"',
  " b='<'",
  'b=c',
  '&lt;',
  '&amp;',
  '&#65;',
  '&#x1F600;',
  '&#0;',
  '&#xD800;',
  '&#1114112;',
  '&nbsp;',
  '&',
  '&;',
  ';',
  'x',
  ' ',
  '\n',
  '<!--',
  '-->',
  '--',
  '<![CDATA[',
  ']]>',
  ']]',
  '<?p ',
  '<?xml ?>',
  '<?xml version="1.0" encoding=\'UTF-8\'?>',
  '?>',
  '<!',
  '"',
  "'",
  '=',
  '\u{1F600}',
  '\uFFFE',
);
const document = fc
  .array(piece, { maxLength: 8 })
  .chain((inner) => fc.constantFrom(inner.join(''), `<a>${inner.join('')}</a>`));

describe('documents', () => {
  test.each([[false], [true]])('are read as another parser does (lenient: %p)', async (lenient) => {
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const reading = await read(text, lenient).catch(() => 'refused');
        expect(reading).toEqual(otherwise(text, lenient));
      }),
      { numRuns: 2000 },
    );
  });

  /** What the parser makes of it that this one was checked against. */
  function otherwise(text: string, lenient: boolean): Element | 'refused' {
    try {
      const { root } = parseXml(text, { ignoreUndefinedEntities: lenient });
      return root ? plain(root) : 'refused';
    } catch {
      return 'refused';
    }
  }

  const plain = ({ name, children, text }: XmlElement): Element => ({
    name,
    text,
    elements: children.filter((child) => child instanceof XmlElement).map(plain),
  });
});
