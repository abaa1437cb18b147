import type { Template } from './template.js';

/** Tells a paralegal, and with a copy their company, that a qualification is about to end. */
export const qualificationExpiring: Template = {
  name: 'qualification-expiring',
  version: 1,
  subject: 'Your {{kind}} for {{jurisdiction}} ends on {{validUntil}}',
  body: `Dear {{person}},

your {{kind}} for {{jurisdiction}} ends on {{validUntil}}. From the day after you can be put on no matter there for substantive work.

Please send us the renewal, so that we can record it. If it is on its way already, just answer this message.

Kind regards
{{tenant}}
`,
};
