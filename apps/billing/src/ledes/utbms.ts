// The code sets that LEDES lines speak in. They are data of the American Bar Association and never of a tenant: what a
// client agreed to beyond them comes as `known.agreedCodes` of the validator.

/** Phases (`L100`) and tasks (`L110`) of the UTBMS litigation code set, by code; source: ABA, litigation code set. */
export const TASK_CODES: ReadonlyMap<string, string> = new Map([
  ['L100', 'Case Assessment, Development and Administration'],
  ['L110', 'Fact Investigation/Development'],
  ['L120', 'Analysis/Strategy'],
  ['L130', 'Experts/Consultants'],
  ['L140', 'Document/File Management'],
  ['L150', 'Budgeting'],
  ['L160', 'Settlement/Non-Binding ADR'],
  ['L190', 'Other'],
  ['L200', 'Pre-Trial Pleadings and Motions'],
  ['L210', 'Pleading'],
  ['L220', 'Preliminary Injunctions/Provisional Remedies'],
  ['L230', 'Court Mandated Conferences'],
  ['L240', 'Dispositive Motions'],
  ['L250', 'Other Written Motions and Submissions'],
  ['L260', 'Class Action Certification and Notice'],
  ['L300', 'Discovery'],
  ['L310', 'Written Discovery'],
  ['L320', 'Document Production'],
  ['L330', 'Depositions'],
  ['L340', 'Expert Discovery'],
  ['L350', 'Discovery Motions'],
  ['L390', 'Other Discovery'],
  ['L400', 'Trial Preparation and Trial'],
  ['L410', 'Fact Witnesses'],
  ['L420', 'Expert Witnesses'],
  ['L430', 'Written Motions and Submissions'],
  ['L440', 'Other Trial Preparation and Support'],
  ['L450', 'Trial and Hearing Attendance'],
  ['L460', 'Post-Trial Motions and Submissions'],
  ['L470', 'Enforcement'],
  ['L500', 'Appeal'],
  ['L510', 'Appellate Motions and Submissions'],
  ['L520', 'Appellate Briefs'],
  ['L530', 'Oral Argument'],
]);

/**
 * UTBMS activities, by code; source: ABA, litigation code set. A112 and the later additions are left out: published lists
 * disagree about their numbers, and a wrong code is refused by the vendor.
 */
export const ACTIVITY_CODES: ReadonlyMap<string, string> = new Map([
  ['A101', 'Plan and prepare for'],
  ['A102', 'Research'],
  ['A103', 'Draft/revise'],
  ['A104', 'Review/analyze'],
  ['A105', 'Communicate (in firm)'],
  ['A106', 'Communicate (with client)'],
  ['A107', 'Communicate (other outside counsel)'],
  ['A108', 'Communicate (other external)'],
  ['A109', 'Appear for/attend'],
  ['A110', 'Manage data/files'],
  ['A111', 'Other'],
]);

/** UTBMS expenses, by code; source: ABA, litigation code set. */
export const EXPENSE_CODES: ReadonlyMap<string, string> = new Map([
  ['E101', 'Copying'],
  ['E102', 'Outside printing'],
  ['E103', 'Word processing'],
  ['E104', 'Facsimile'],
  ['E105', 'Telephone'],
  ['E106', 'Online research'],
  ['E107', 'Delivery services/messengers'],
  ['E108', 'Postage'],
  ['E109', 'Local travel'],
  ['E110', 'Out-of-town travel'],
  ['E111', 'Meals'],
  ['E112', 'Court fees'],
  ['E113', 'Subpoena fees'],
  ['E114', 'Witness fees'],
  ['E115', 'Deposition transcripts'],
  ['E116', 'Trial transcripts'],
  ['E117', 'Trial exhibits'],
  ['E118', 'Litigation support vendors'],
  ['E119', 'Experts'],
  ['E120', 'Private investigators'],
  ['E121', 'Arbitrators/mediators'],
  ['E122', 'Local counsel'],
  ['E123', 'Other professionals'],
  ['E124', 'Other'],
]);

/**
 * The classifications of LEDES 1998B (rev 7-2014) that we could source: 14 of 51. PARALG is a paralegal, LGLAST a legal
 * assistant. The list is closed, but we do not hold all of it, so a well-formed code outside of these is noted, not refused.
 */
export const TIMEKEEPER_CLASSIFICATIONS: ReadonlySet<string> = new Set([
  'PARTNR',
  'ASSOC',
  'PARALG',
  'LGLAST',
  'CLKSEC',
  'OFCOUN',
  'CONSLT',
  'EXPERT',
  'LGLINT',
  'TEMPAT',
  'STFATT',
  'TRANEE',
  'FLTFEE',
  'ADJSMT',
]);

/** Whether it is a phase or task of the UTBMS litigation set, written as the set writes it (upper case). */
export function isTaskCode(code: string): boolean {
  return TASK_CODES.has(code);
}

/** Whether it is an activity of the UTBMS set, written as the set writes it (upper case). */
export function isActivityCode(code: string): boolean {
  return ACTIVITY_CODES.has(code);
}

/** Whether it is an expense of the UTBMS set, written as the set writes it (upper case). */
export function isExpenseCode(code: string): boolean {
  return EXPENSE_CODES.has(code);
}
