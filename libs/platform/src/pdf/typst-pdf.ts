import { createRequire } from 'node:module';
import type { NodeCompiler, NodeTypstCompileResult } from '@myriaddreamin/typst-ts-node-compiler';
import type { Temporal } from 'temporal-polyfill';

/** A document to print. */
export interface Print {
  /** Names the document in errors, such as `invoice 2026-0001`: no name of a party. */
  readonly name: string;
  /** A Typst template. It finds `data` as JSON text in `sys.inputs.data`. */
  readonly template: string;
  /** What the document says: plain JSON values, dates and the like. */
  readonly data: unknown;
  /** Further texts for `sys.inputs`, given as they are: a file to attach. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Written into the PDF as its date of creation, to the second: the same document gives the same bytes on any day. */
  readonly createdAt: Temporal.Instant;
}

/** Documents have little in common but the template; results that this many later documents did not use are forgotten. */
const CACHE_AGE = 3;

// Native and large: only a service that prints loads it, and not before it does.
const load = createRequire(import.meta.url);
let compiler: NodeCompiler | undefined;

/**
 * The document as a tagged PDF/A-3b, its fonts embedded.
 *
 * Pure: the same input gives the same bytes. Text is only ever text, never markup. Control and invisible characters are
 * dropped, runs of white space become one space, and a character without a glyph in the fonts (Chinese, Arabic, emoji)
 * prints as `�`: what was issued cannot be corrected, so it must always print. Blocks the thread, about 2 ms a line; a loop
 * over many documents yields to the event loop between them, as only then Node frees what Typst allocated.
 *
 * @throws Error naming the document and what Typst said, when the template cannot print what it was given.
 */
export function renderPdf({ name, template, data, inputs = {}, createdAt }: Print): Uint8Array {
  compiler ??= newCompiler();
  const text = JSON.stringify(data, (_key, value: unknown) => (typeof value === 'string' ? printable(value) : value));
  try {
    const compiled = compiler.compile({ mainFileContent: template, inputs: { data: text, ...inputs } });
    if (!compiled.result) throw new Error(diagnosis(compiled));
    const creationTimestamp = Math.floor(createdAt.epochMilliseconds / 1000);
    return new Uint8Array(compiler.pdf(compiled.result, { pdfStandard: 'a-3b', creationTimestamp }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name} could not be printed: ${reason}`, { cause: error });
  } finally {
    compiler.evictCache(CACHE_AGE);
  }
}

function newCompiler(): NodeCompiler {
  const typst = load('@myriaddreamin/typst-ts-node-compiler') as { NodeCompiler: typeof NodeCompiler };
  return typst.NodeCompiler.create();
}

function diagnosis(compiled: NodeTypstCompileResult): string {
  const diagnostics: readonly { readonly message: string }[] = compiled.takeDiagnostics()?.shortDiagnostics ?? [];
  return diagnostics.map(({ message }) => message).join('; ');
}

// The characters that the fonts inside the Typst binding print, regular and bold. The rest never reaches Typst: PDF/A
// refuses a missing glyph, and some of right-to-left scripts make the native code abort the whole process.
const LATIN = String.raw` -~\u00a1-\u036f\u1e00-\u1e9b\u1e9e-\u1ef9\ufb01\ufb02`;
const GREEK_AND_CYRILLIC = String.raw`\u0384-\u03ce\u0400-\u045f\u0490-\u04c4\u04d0-\u04f9`;
const PUNCTUATION = String.raw`\u2010-\u2027\u2030-\u2037\u2039\u203a\u2044\u2070-\u2094\ufffd`;
const CURRENCIES = String.raw`\u20a0-\u20b5\u20b8-\u20ba\u20bd\u20bf`;
const SYMBOLS = String.raw`\u2105\u2116\u2117\u2120\u2122\u2153-\u215e\u2190-\u2220\u2241-\u226b\u2500-\u262f\u2713-\u2718`;
const UNPRINTABLE = new RegExp(
  String.raw`\p{Cn}|[^${LATIN}${GREEK_AND_CYRILLIC}${PUNCTUATION}${CURRENCIES}${SYMBOLS}]`,
  'gu',
);

// Among them the right-to-left override, which would print another figure than the stored one, and variation selectors.
const INVISIBLE = /\p{Cf}|\p{Cc}|[\ufe00-\ufe0f]/gu;
const WHITE_SPACE = /[\s\u0085]+/g;

function printable(text: string): string {
  const visible = text.normalize('NFC').replace(WHITE_SPACE, ' ').replace(INVISIBLE, '');
  return visible.replace(UNPRINTABLE, '\ufffd').trim();
}
