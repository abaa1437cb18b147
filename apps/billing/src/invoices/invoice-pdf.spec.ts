import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { extractText, extractTextItems, getDocumentProxy, getMeta, type StructuredTextItem } from 'unpdf';
import {
  type ExpensePrint,
  type FeePrint,
  type InvoicePrint,
  type MatterPrint,
  renderInvoicePdf,
} from './invoice-pdf.js';

const date = (iso: string) => Temporal.PlainDate.from(iso);

function aFee(given: Partial<FeePrint> = {}): FeePrint {
  return {
    date: date('2026-03-09'),
    timekeeperName: 'Maria Castellanos',
    taskCode: 'L310',
    activityCode: 'A103',
    narrative: 'Draft interrogatories to defendant Meridian Freight.',
    hours: '1.3',
    rate: '145.00',
    amount: '188.50',
    ...given,
  };
}

function anExpense(given: Partial<ExpensePrint> = {}): ExpensePrint {
  const line = { code: 'E101', description: 'Copies of exhibits', quantity: '412', unitCost: '0.15', amount: '61.80' };
  return { date: date('2026-03-14'), ...line, ...given };
}

function aMatter(given: Partial<MatterPrint> = {}): MatterPrint {
  return {
    caption: 'Castellanos v. Meridian Freight Lines, Inc.',
    lawFirmMatterId: 'M-2026-0140',
    clientMatterId: 'LIT-88213',
    fees: [aFee()],
    expenses: [],
    adjustments: [],
    totals: { hours: '1.3', fees: '188.50', expenses: '0.00', adjustments: '0.00', total: '188.51' },
    ...given,
  };
}

function anInvoice(given: Partial<InvoicePrint> = {}): InvoicePrint {
  return {
    letterhead: {
      name: 'Northgate Paralegal Services, LLC',
      addressLines: ['1200 Fifth Avenue, Suite 1800', 'Seattle, WA 98101'],
      taxId: '91-2044871',
      email: 'billing@northgate.example',
    },
    number: '2026-000147',
    issueDate: date('2026-04-02'),
    dueDate: date('2026-05-02'),
    billingPeriod: { start: date('2026-03-01'), end: date('2026-03-31') },
    terms: 'Net 30',
    currency: 'USD',
    client: {
      name: 'Hollis & Brandt LLP',
      code: 'HB-0031',
      addressLines: ['88 Kearny Street', 'San Francisco, CA 94108'],
    },
    matters: [aMatter()],
    timekeepers: [
      { name: 'Maria Castellanos', classification: 'Senior paralegal', hours: '1.3', rate: '145.00', amount: '188.50' },
    ],
    tasks: [{ code: 'L310', name: 'Written Discovery', hours: '1.3', amount: '188.50' }],
    totals: {
      fees: '188.50',
      expenses: '0.00',
      adjustments: '0.00',
      tax: '0.00',
      total: '188.51',
      paid: '0.00',
      balance: '188.51',
    },
    remittance: ['Wire to Cascade Bank, account 0091 4420 07'],
    createdAt: Temporal.Instant.from('2026-04-02T16:00:00Z'),
    ...given,
  };
}

const withNarrative = (narrative: string) => anInvoice({ matters: [aMatter({ fees: [aFee({ narrative })] })] });
const manyFees = (count: number) =>
  Array.from({ length: count }, (_, i) => aFee({ narrative: `Summarize exhibit ${i + 1}.` }));

/** The text of each page on one line, after what holds for every printed invoice. */
async function pagesOf(pdf: Uint8Array, number = '2026-000147'): Promise<string[]> {
  const { text } = await extractText(await getDocumentProxy(pdf.slice()));
  const pages = text.map((page) => page.replace(/\s+/g, ' '));
  pages.forEach((page, i) => {
    expect(page).toContain(`Page ${i + 1} of ${pages.length}`);
    expect(page).toContain(`Invoice ${number}`);
  });
  return pages;
}

const textOf = async (invoice: InvoicePrint) => (await pagesOf(renderInvoicePdf(invoice), invoice.number)).join(' ');

async function itemsOf(invoice: InvoicePrint): Promise<StructuredTextItem[]> {
  const { items } = await extractTextItems(await getDocumentProxy(renderInvoicePdf(invoice)));
  return items.flat().filter(({ str }) => str.trim() !== '');
}

describe('renderInvoicePdf', () => {
  it('states who bills whom for what period, in which currency, and what is due when', async () => {
    const text = await textOf(anInvoice());
    for (const stated of [
      'Northgate Paralegal Services, LLC',
      '1200 Fifth Avenue, Suite 1800',
      'Tax ID 91-2044871',
      'billing@northgate.example',
      'Hollis & Brandt LLP',
      'Client HB-0031',
      'Invoice date Apr 2, 2026',
      'Billing period Mar 1, 2026 – Mar 31, 2026',
      'Terms Net 30',
      'Due date May 2, 2026',
      'Currency USD',
      'Our matter M-2026-0140 · Client matter LIT-88213 · All amounts in USD',
      'Wire to Cascade Bank, account 0091 4420 07',
      'Balance due: USD 188.51, by May 2, 2026',
    ]) {
      expect(text).toContain(stated);
    }
  });

  it.each<{ name: string; invoice: InvoicePrint; printed: string[] }>([
    {
      name: 'a fee line with its codes, hours, rate and amount',
      invoice: anInvoice(),
      printed: ['Mar 9, 2026 Maria Castellanos L310 A103 Draft interrogatories', '1.3 145.00 188.50'],
    },
    {
      name: 'a fee line without codes, in a table without their column',
      invoice: anInvoice({ matters: [aMatter({ fees: [aFee({ taskCode: undefined, activityCode: undefined })] })] }),
      printed: ['Timekeeper Description of services', 'Mar 9, 2026 Maria Castellanos Draft interrogatories'],
    },
    {
      name: 'the adjustment of a fee line, said to be in its amount',
      invoice: anInvoice({
        matters: [aMatter({ fees: [aFee({ adjustment: { description: 'Courtesy', amount: '-14.50' } })] })],
      }),
      printed: ['Courtesy: -14.50, included in the amount'],
    },
    {
      name: 'an expense',
      invoice: anInvoice({ matters: [aMatter({ expenses: [anExpense()] })] }),
      printed: ['Mar 14, 2026 E101 Copies of exhibits 412 0.15 61.80'],
    },
    {
      name: 'adjustments of the invoice',
      invoice: anInvoice({
        matters: [aMatter({ adjustments: [{ description: 'Volume discount', amount: '-2000.00' }] })],
      }),
      printed: ['Volume discount -2,000.00'],
    },
    {
      name: 'the timekeepers',
      invoice: anInvoice(),
      printed: ['Summary by timekeeper', 'Maria Castellanos Senior paralegal 1.3 145.00 188.50'],
    },
    {
      name: 'a summary where there are several matters',
      invoice: anInvoice({ matters: [aMatter(), aMatter({ caption: 'In re Ortiz', lawFirmMatterId: 'M-7' })] }),
      printed: ['Summary by matter', 'In re Ortiz M-7 188.50 0.00 0.00 188.51', 'Total of matter M-7 (USD) 188.51'],
    },
    {
      name: 'a matter without any line',
      invoice: anInvoice({ matters: [aMatter({ fees: [] })] }),
      printed: ['No services or expenses in this billing period.', 'Total of matter M-2026-0140 (USD) 188.51'],
    },
    {
      name: 'an invoice without matters, timekeepers, tax id and remittance text',
      invoice: anInvoice({
        letterhead: { name: 'Northgate', addressLines: [], email: 'b@n.example' },
        matters: [],
        timekeepers: [],
        remittance: [],
      }),
      printed: ['Balance due (USD) 188.51', 'Please state invoice 2026-000147.'],
    },
  ])('prints $name', async ({ invoice, printed }) => {
    const text = await textOf(invoice);
    for (const words of printed) expect(text).toContain(words);
  });

  it('prints the figures it was given, even such as do not add up', async () => {
    const totals = {
      fees: '1.00',
      expenses: '2.00',
      adjustments: '-9.00',
      tax: '5.00',
      total: '7.77',
      paid: '3.33',
      balance: '8.88',
    };
    const text = await textOf(anInvoice({ totals }));
    expect(text).toContain(
      'Fees 1.00 Expenses 2.00 Adjustments -9.00 Tax 5.00 Total 7.77 Paid 3.33 Balance due (USD) 8.88',
    );
  });

  it.each([
    { name: 'hundreds stay', stored: '999.00', printed: '999.00' },
    { name: 'thousands get a comma', stored: '1000.00', printed: '1,000.00' },
    { name: 'millions get two', stored: '1234567.89', printed: '1,234,567.89' },
    { name: 'a negative figure keeps its sign', stored: '-123456.70', printed: '-123,456.70' },
    { name: 'a currency without minor units', stored: '45000', printed: '45,000' },
    { name: 'more decimals than money has', stored: '1000.1250', printed: '1,000.1250' },
    { name: 'what is no decimal stays as it is', stored: 'waived', printed: 'waived' },
  ])('groups thousands and keeps every digit: $name', async ({ stored, printed }) => {
    const { totals } = anInvoice();
    const text = await textOf(anInvoice({ totals: { ...totals, balance: stored } }));
    expect(text).toContain(`Balance due (USD) ${printed}`);
  });

  it('repeats the header of the table on each page of a long matter and loses no line', async () => {
    const pages = await pagesOf(renderInvoicePdf(anInvoice({ matters: [aMatter({ fees: manyFees(150) })] })));
    const withLines = pages.filter((page) => page.includes('Summarize exhibit'));
    expect(withLines.length).toBeGreaterThan(3);
    for (const page of withLines) expect(page.match(/Description of services/g)).toHaveLength(1);
    const printed = [...pages.join(' ').matchAll(/Summarize exhibit (\d+)\./g)].map(([, n]) => Number(n));
    expect(printed).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
  });

  it('carries a narrative longer than a page on to the next one', async () => {
    const narrative = Array.from({ length: 900 }, (_, i) => `word${i}`).join(' ');
    const pages = await pagesOf(renderInvoicePdf(withNarrative(narrative)));
    const words = pages.flatMap((page) => page.match(/word\d+/g) ?? []);
    expect(words.join(' ')).toBe(narrative);
  });

  it('aligns figures of different length at their right edge', async () => {
    const amounts = ['7.11', '188.52', '1234567.83'];
    const items = await itemsOf(anInvoice({ matters: [aMatter({ fees: amounts.map((amount) => aFee({ amount })) })] }));
    const edges = ['7.11', '188.52', '1,234,567.83'].map((amount) => {
      const item = items.find(({ str }) => str === amount);
      return item && Math.round(item.x + item.width);
    });
    expect(edges[0]).toBeGreaterThan(500);
    expect(new Set(edges).size).toBe(1);
  });

  it.each([
    { name: 'a docket URL', word: `https://ecf.example/doc1/${'0123456789'.repeat(20)}` },
    { name: 'a row of hyphens', word: '-'.repeat(200) },
    { name: 'capitals without a space', word: 'W'.repeat(120) },
  ])('breaks $name inside its column, and nothing stands between its letters', async ({ word }) => {
    const invoice = withNarrative(word);
    for (const { x, width } of await itemsOf(invoice)) expect(x + width).toBeLessThan(612 - 61);
    expect((await textOf(invoice)).replaceAll(' ', '')).toContain(word);
  });

  it('keeps the remittance in one piece with its heading and with what is due, wherever the page ends', async () => {
    const remittance = ['First remittance line', 'Second', 'Third', 'Fourth', 'Last remittance line'];
    for (let count = 1; count <= 40; count += 3) {
      const pages = await pagesOf(
        renderInvoicePdf(anInvoice({ matters: [aMatter({ fees: manyFees(count) })], remittance })),
      );
      expect(pages.at(-1)).toMatch(
        /Invoice total .*Balance due \(USD\).* Remittance First .* Last remittance line Please state/,
      );
    }
  });

  it.each([
    { name: 'Typst code', text: '#panic("x") #sys.inputs.data #let a = 1' },
    { name: 'Typst markup', text: '*bold* _it_ = head `raw` $x^2$ @ref <label> [block] \\ // comment /* more */ -- ~' },
    { name: 'quotes and JSON', text: `"double" 'single' {"a": [1, null]} \\" \\u0041` },
    { name: 'HTML', text: '<script>alert(1)</script> &amp; <b>' },
    { name: 'Polish and Vietnamese', text: 'Łódź Nguyễn Đặng Thị Ngọc Ữ Ỹ' },
    { name: 'Greek and Cyrillic', text: 'Ελληνικά Київ Ґалаґан Қазақ' },
    { name: 'legal signs', text: '§ 12(b)(6) ¶ 4 “quoted” ‘so’ – — … ½ № ™ € £ ₫ ☑ ☐ ✓ → ≤' },
    { name: 'letters that join', text: 'official affidavit flag office' },
  ])('prints $name as text', async ({ text }) => {
    expect(await textOf(withNarrative(`Begin ${text} end.`))).toContain(`Begin ${text} end.`);
  });

  it.each([
    { name: 'control characters', text: 'a\u0001b\u0000c\u001bd\u007fe\u009ff', printed: 'abcdef' },
    { name: 'a right-to-left override', text: 'pay \u202e00.1\u202c now', printed: 'pay 00.1 now' },
    { name: 'invisible characters', text: 'a\u200bb\u00adc\u2060d\u200de\ufe0ff', printed: 'abcdef' },
    {
      name: 'line breaks, tabs and special spaces',
      text: ' a\r\n\tb\u00a0\u2003c\u2028d\u0085e ',
      printed: 'a b c d e',
    },
    { name: 'letters with their accents apart', text: 'Nguye\u0302\u0303n Lo\u0301pez', printed: 'Nguyễn López' },
    { name: 'half a surrogate pair', text: 'a\ud800b', printed: 'a�b' },
    { name: 'what is no character', text: 'a\uffffb\u{1ffff}c', printed: 'a�b�c' },
    { name: 'Chinese', text: 'Ms. 王芳 (Wang Fang)', printed: 'Ms. �� (Wang Fang)' },
    { name: 'an emoji', text: 'Done 😀', printed: 'Done �' },
    { name: 'marks of N’Ko, which crash Typst', text: 'x ߩߪ ߭ ߮ ߯ y', printed: 'x �� � � � y' },
  ])('cleans $name', async ({ text, printed }) => {
    expect(await textOf(withNarrative(`Begin ${text} end.`))).toContain(`Begin ${printed.trim()} end.`);
  });

  it('has a glyph, regular and bold, for every character that it lets through', () => {
    const characters = Array.from({ length: 0x2800 }, (_, code) => String.fromCharCode(code));
    for (let start = 0; start < characters.length; start += 0x400) {
      const name = characters.slice(start, start + 0x400).join(' ');
      const client = { name, code: '', addressLines: [name] };
      expect(() => renderInvoicePdf(anInvoice({ client, matters: [] }))).not.toThrow();
    }
  });

  it('gives the same bytes for the same invoice, whatever was printed between', () => {
    const first = renderInvoicePdf(anInvoice());
    renderInvoicePdf(withNarrative('Something else.'));
    expect(Buffer.compare(first, renderInvoicePdf(anInvoice()))).toBe(0);
    const later = anInvoice({ createdAt: Temporal.Instant.from('2026-04-02T16:00:01Z') });
    expect(Buffer.compare(first, renderInvoicePdf(later))).not.toBe(0);
  });

  it('is a tagged PDF/A-3b with a title, an author and the given time of creation', async () => {
    const pdf = renderInvoicePdf(anInvoice());
    const raw = Buffer.from(pdf).toString('latin1');
    expect(raw).toContain('<pdfaid:part>3</pdfaid:part>');
    expect(raw).toContain('<pdfaid:conformance>B</pdfaid:conformance>');
    const { info } = await getMeta(await getDocumentProxy(pdf));
    expect(info.Title).toBe('Invoice 2026-000147');
    expect(info.Author).toBe('Northgate Paralegal Services, LLC');
    expect(info.CreationDate).toMatch(/^D:20260402160000/);
    expect(raw).toMatch(/\/Marked true/);
  });

  it('carries the LEDES file, byte for byte, as its alternative for e-billing systems', async () => {
    const text = 'LEDES1998B[]\r\nA|B[]\r\n1|  two[]\r\n';
    const pdf = renderInvoicePdf({ ...anInvoice(), ledes: { name: '2026-000147.txt', text } });
    const document = await getDocumentProxy(pdf.slice());
    const attachments = [...((await document.getAttachments()) ?? [])];
    expect(attachments.map(([, { filename }]) => filename)).toEqual(['2026-000147.txt']);
    const content = (await document.getAttachmentContent(attachments[0]![0])) as Uint8Array;
    expect(Buffer.from(content).toString('latin1')).toBe(text);
    expect(Buffer.from(pdf).toString('latin1')).toContain('/AFRelationship /Alternative');
  });

  it('sums up fees by task, and only where they have tasks', async () => {
    expect(await textOf(anInvoice())).toContain(
      'Summary by task Task Description Hours Amount L310 Written Discovery 1.3',
    );
    expect(await textOf(anInvoice({ tasks: [] }))).not.toContain('Summary by task');
  });

  it.each([
    { name: 'totals that are missing', broken: { totals: undefined }, says: /none|dictionary|key "totals"/ },
    { name: 'matters that are no list', broken: { matters: 'M-1' }, says: /string/ },
    { name: 'a date that is none', broken: { dueDate: 'soon' }, says: /./ },
  ])(
    'names the invoice and the cause when the template fails on $name, and prints the next one',
    async ({ broken, says }) => {
      const invoice = { ...anInvoice(), ...broken } as unknown as InvoicePrint;
      const attempt = () => renderInvoicePdf(invoice);
      expect(attempt).toThrow(/^Invoice 2026-000147 could not be printed: ./);
      expect(attempt).toThrow(says);
      expect(await textOf(anInvoice())).toContain('188.51');
    },
  );
});
