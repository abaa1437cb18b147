import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { proveInvoice } from './prove-invoice.js';
import { ApiProblem, RestApi } from './rest-api.js';
import { readInput } from './run-demo.js';

// The two first invoices of the own file, as the ones that the system wrote.
const text = readFileSync(new URL('./september.ledes.txt', import.meta.url), 'latin1');
const ofInvoice = (number: string) =>
  text
    .split('\r\n')
    .filter((line, at) => at < 2 || line.split('|')[1] === number)
    .join('\r\n');
const input = readInput(new Uint8Array(Buffer.from(text, 'latin1')));
const source = input.content.invoices[0]!;
const NUMBER = 'SEP-2601';

interface Answers {
  invoice: Record<string, unknown>;
  pdf: string;
  ledes: string;
  messages: Record<string, unknown>[];
  mails: Record<string, unknown>[];
}

function rightAnswers(): Answers {
  const mail = { id: 'm1', subject: `Invoice ${NUMBER} from Harbor`, attachments: [{ filename: 'invoice.pdf' }] };
  return {
    invoice: {
      id: 'i1',
      number: NUMBER,
      lines: source.lines.map(() => ({ entryId: '' })),
      total: { amountMinor: `${source.totalE4 / 100n}`, currencyCode: 'USD' },
      pdfDocumentId: 'pdf',
      ledesDocumentId: 'ledes',
    },
    pdf: '%PDF-1.7',
    ledes: ofInvoice('SEP2601'),
    messages: [{ subject: mail.subject, status: 'MESSAGE_STATUS_SENT', failure: '' }],
    mails: [mail, { ...mail, id: 'm2', subject: `Invoice ${NUMBER} from Summit` }],
  };
}

let answers = rightAnswers();
const server = createServer((request, response) => {
  const path = request.url?.split('?')[0] ?? '';
  const bodies: Record<string, unknown> = {
    '/v1/invoices/i1': answers.invoice,
    '/v1/documents/ledes': { name: 'invoice.ledes.txt' },
    '/v1/messages': { messages: answers.messages, page: { nextToken: '' } },
    '/mails.json': answers.mails,
  };
  const files: Record<string, string> = {
    '/v1/documents/pdf/content': answers.pdf,
    '/v1/documents/ledes/content': answers.ledes,
  };
  if (path in bodies) return void response.end(JSON.stringify(bodies[path]));
  if (path in files) return void response.end(Buffer.from(files[path]!, 'latin1'));
  const violations = [{ field: 'invoiceId', description: 'is no UUID' }];
  response
    .writeHead(404, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ reason: 'NOT_FOUND', detail: 'there is none', violations }));
});
let url = '';

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function prove() {
  const witnesses = { api: new RestApi(url, 'key'), mailUrl: url };
  return proveInvoice(witnesses, { source, invoiceId: 'i1' }, input.content);
}

describe('the proof of an invoice', () => {
  it('finds nothing wrong with a right one, and counts no mail of another company', async () => {
    answers = rightAnswers();
    const proven = await prove();
    expect(proven.problems).toEqual([]);
    expect(proven).toMatchObject({ number: NUMBER, client: 'KESTREL', ledesValid: true, pdfBytes: 8, mails: 1 });
    expect(proven.links.pdf).toBe(`${url}/mails/m1/attachments/0`);
  });

  it.each<{ name: string; spoil: (right: Answers) => void; problem: RegExp }>([
    {
      name: 'a total that is a cent off',
      spoil: ({ invoice }) => (invoice.total = { amountMinor: `${source.totalE4 / 100n + 1n}`, currencyCode: 'USD' }),
      problem: /total is USD 5232.49, not USD 5232.48/,
    },
    { name: 'a missing line', spoil: ({ invoice }) => (invoice.lines = []), problem: /it has 0 lines/ },
    { name: 'no PDF', spoil: ({ invoice }) => (invoice.pdfDocumentId = ''), problem: /no PDF after a minute/ },
    { name: 'a PDF that is none', spoil: (right) => (right.pdf = 'oops'), problem: /PDF is no PDF/ },
    { name: 'no LEDES file', spoil: ({ invoice }) => (invoice.ledesDocumentId = ''), problem: /no LEDES file/ },
    {
      name: 'a LEDES file that vendors refuse',
      spoil: (right) => (right.ledes = right.ledes.replaceAll('|5232.48|', '|5232.00|')),
      problem: /V08/,
    },
    {
      name: 'the LEDES file of another invoice',
      spoil: (right) => (right.ledes = ofInvoice('SEP2602')),
      problem: /totals USD 3685.20/,
    },
    {
      name: 'a LEDES rate that the client never saw (V19)',
      spoil: (right) =>
        (right.ledes = right.ledes.replace('|2.50|0.00|362.50|', '|2.00|0.00|362.50|').replace('|145.00|', '|181.25|')),
      problem: /V19/,
    },
    { name: 'no mail', spoil: (right) => (right.mails = []), problem: /0 mails/ },
    { name: 'two mails', spoil: ({ mails }) => mails.push(mails[0]!), problem: /2 mails/ },
    {
      name: 'a message that failed',
      spoil: ({ messages }) => (messages[0]!.status = 'MESSAGE_STATUS_FAILED'),
      problem: /MESSAGE_STATUS_FAILED/,
    },
  ])('sees $name', async ({ spoil, problem }) => {
    answers = rightAnswers();
    spoil(answers);
    const { problems } = await prove();
    expect(problems.join('\n')).toMatch(problem);
  });
});

describe('a refusal of the API', () => {
  it('is told with its reason and its fields', async () => {
    const refusal = await new RestApi(url, 'key').post('/v1/nothing', {}).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiProblem);
    expect((refusal as ApiProblem).toLines()).toEqual([
      'POST /v1/nothing: NOT_FOUND: there is none',
      '  invoiceId: is no UUID',
    ]);
  });

  it('says where nobody answers', async () => {
    const refusal = await new RestApi('http://127.0.0.1:1', 'key').get('/v1/clients').catch((error: unknown) => error);
    expect((refusal as ApiProblem).reason).toBe('NO_ANSWER');
  });
});

describe('a file with findings', () => {
  it('is refused with line, field and rule of each', () => {
    const spoilt = new Uint8Array(Buffer.from(text.replace('|20260901|L310|', '|20260931|L310|'), 'latin1'));
    expect(() => readInput(spoilt)).toThrow(/^line 3 LINE_ITEM_DATE V03: /);
  });
});
