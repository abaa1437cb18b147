import type { Template } from './template.js';

/** Tells the client's billing contact of an invoice; its PDF is attached. */
export const invoiceIssued: Template = {
  name: 'invoice-issued',
  version: 1,
  subject: 'Invoice {{number}} from {{tenant}}',
  body: `Dear {{contact}},

please find attached our invoice {{number}} of {{issuedOn}} for {{total}}, for services from {{billingStart}} to {{billingEnd}}.

It is due on {{dueOn}}. If anything in it is unclear, just answer this message.

Kind regards
{{tenant}}
`,
};
