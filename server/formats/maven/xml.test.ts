import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
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

  test('is not read that has more attributes than anybody needs', async () => {
    const attributes = Array.from({ length: 257 }, (_, at) => ` a${at}=""`);
    expect(await refusal(`<a><b/><c${attributes.join('')}/></a>`)).toContain('more than 256 attributes');
    const few = attributes.slice(0, 256).join('');
    expect((await read(`<a><b${few}/><b${few}/></a>`)).elements).toHaveLength(2);
    expect(await refusal(`<a>${`<b${few}/>`.repeat(2_000)}</a>`)).toContain('more than 400000 tags');
  });

  test('is not read that has more references to what is declared nowhere than anybody needs', async () => {
    const said = read(`<a>${'&b;'.repeat(500_000)}</a>`, true).then(() => 'read', String);
    expect(await said).toContain('more than 400000 tags');
  });

  test('is the same wherever it is cut into the pieces that are read in a turn', async () => {
    const inner = '<b c="&lt;d">é\u{1F600}&amp;&#x41;<!-- e --><![CDATA[<f>]]>\r\n<?g h?></b>';
    for (let shift = 0; shift <= inner.length; shift += 1) {
      const root = await read(`<a>${' '.repeat(32 * 1024 - 3 - shift)}${inner}</a>`);
      expect(textAt(root, 'b')).toBe('é\u{1F600}&A<f>');
    }
  });

  test.each([
    ['<a>&nbsp;</a>', 'undefined entity'],
    ['<a>&constructor;</a>', 'undefined entity'],
    ['<!DOCTYPE a><a/>', 'document type'],
    ['<a><![CDATA[</a>', 'not well-formed'],
    ['<a><!-- -- --></a>', 'not well-formed'],
    [`<a>${'<a>'.repeat(128)}`, 'nested more than 128 deep'],
    ['<a b="1" b="2"/>', 'duplicate attribute: b'],
    ['<a/><b/>', 'only one root'],
    ['<a>\0</a>', 'disallowed character'],
  ])('%j is refused in words', async (text, words) => {
    expect(await refusal(text)).toContain(words);
  });

  test('is read, or refused in a sentence, whatever its bytes are', async () => {
    const piece = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...PIECES) },
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    const marked = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
    const texts = fc.oneof(
      marked,
      marked.map((inner) => `<a>${inner}</a>`),
    );
    const bytes = fc.oneof(
      texts.map((text) => new TextEncoder().encode(text)),
      fc.uint8Array({ maxLength: 100 }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (document, lenient) => {
        const failure: unknown = await readXml(document, { lenient }).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure === undefined) return;
        expect(failure).toBeInstanceOf(SyntaxError);
        expect(failure).not.toMatchObject({ message: expect.stringMatching(/\.$/) });
      }),
      { numRuns: 1_000 },
    );
  });
});

/** What documents are made of, and what those are that mean harm. */
const PIECES = [
  '<',
  '>',
  '</',
  '/>',
  '<a',
  '<a>',
  '</a>',
  '"',
  "'",
  '=',
  ' ',
  ' x="1"',
  ' xmlns:b="c"',
  '<b:c/>',
  '&',
  ';',
  '&lt;',
  '&#',
  '&#x110000;',
  '&#xd800;',
  '&#0;',
  '&nbsp;',
  '&constructor;',
  '&__proto__;',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?',
  '?>',
  '<?xml version="1.0"?>',
  '<?xml encoding="utf-16"?>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '\0',
  '\ufffe',
  '\ufeff',
  '\r',
  '\n',
  'é',
  '\u{1F600}',
];
