import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';

/** A kind of work that can be assigned or billed. */
export interface WorkKind {
  /** Stable, `<area>.<what>`: what assignments, time entries and tenants' tightenings refer to. */
  readonly code: string;
  readonly area: string;
  /** The verb decides the class: enter, send, scan are administrative; compute, draft, analyse substantive; advise, sign, accept reserved. */
  readonly verb: string;
  /** As the role-boundary statement says it. */
  readonly title: string;
  /** The shipped floor. */
  readonly taskClass: TaskClass;
  /** The rules that the class follows. */
  readonly source: string;
}

/** Classes that a tenant has set, by code: above the floor, and of its own kinds of work any that an attorney has signed off. */
export type Tightenings = Readonly<Record<string, TaskClass>>;

const { ADMINISTRATIVE, SUBSTANTIVE, RESERVED } = TaskClass;

// Clerical work is overhead, which courts do not let be billed as a paralegal's.
const CLERICAL = 'NALA; Snell v. North Thurston; Robinson v. Chand';
const LEGAL = 'Cal. Bus. & Prof. Code 6450(a)';
const FORBIDDEN = 'Cal. Bus. & Prof. Code 6450(b)';
const NOT_DELEGABLE = 'ABA Model Guidelines for the Utilization of Paralegal Services, Guideline 3; ND Rule 5.3(d)';

type Row = readonly [code: string, title: string, source?: string];

const area = (name: string, taskClass: TaskClass, source: string, rows: readonly Row[]): WorkKind[] =>
  rows.map(([code, title, own]) => ({
    code: `${name}.${code}`,
    area: name,
    verb: code.split('_')[0] ?? code,
    title,
    taskClass,
    source: own ?? source,
  }));

/** Every kind of work there is. Work that is not in it is substantive. */
export const taskCatalogue: readonly WorkKind[] = [
  ...area('calendar', ADMINISTRATIVE, CLERICAL, [
    ['enter_confirmed_date', 'Enter a date that an attorney or paralegal has confirmed'],
    ['send_reminder', 'Send reminders of dates'],
    ['book_room', 'Book a room'],
    ['book_reporter', 'Book a court reporter'],
    ['book_interpreter', 'Book an interpreter'],
    ['book_travel', 'Book travel'],
  ]),
  ...area('calendar', SUBSTANTIVE, LEGAL, [
    ['compute_deadline', 'Compute a deadline from rules or an order'],
    ['propose_scheduling_order', 'Propose a scheduling order'],
  ]),
  ...area('calendar', RESERVED, FORBIDDEN, [['decide_extension', 'Decide to seek an extension']]),
  ...area('documents', ADMINISTRATIVE, CLERICAL, [
    ['scan', 'Scan documents'],
    ['ocr', 'Make scanned text searchable'],
    ['name', 'Name documents by a convention'],
    ['index', 'Index documents'],
    ['bates_stamp', 'Stamp Bates numbers'],
    ['convert', 'Convert file formats'],
    ['redact_given_marks', 'Redact what has been marked'],
    ['assemble_binder', 'Assemble a binder from a list'],
    ['file_version', 'File a version'],
  ]),
  ...area('documents', SUBSTANTIVE, LEGAL, [
    ['review_first_pass', 'First review for responsiveness or privilege'],
    ['draft_pleading', 'Draft a pleading'],
    ['draft_discovery', 'Draft discovery'],
    ['draft_contract', 'Draft a contract'],
    ['check_citations', 'Check citations'],
    ['summarize_deposition', 'Summarize a deposition'],
    ['draft_privilege_log', 'Draft a privilege log'],
  ]),
  ...area('documents', RESERVED, FORBIDDEN, [
    ['decide_privilege', 'Make the final privilege call'],
    ['sign', 'Sign'],
    ['release_work_product', 'Answer for the work product and release it', 'ND Rule 5.3(d)'],
    ['recommend_to_client', 'Choose or recommend a document to a client'],
  ]),
  ...area('filing', ADMINISTRATIVE, 'In re Preferred Ready-Mix (2022); In re Dimas; NALA', [
    ['efile_approved_final', 'E-file a final that an attorney has approved'],
    ['pay_court_fee', 'Pay a court fee'],
    ['pull_docket', 'Pull a docket'],
    ['order_copies', 'Order copies'],
    ['arrange_service', 'Arrange service', CLERICAL],
  ]),
  ...area('filing', SUBSTANTIVE, LEGAL, [
    ['prepare_packet', 'Prepare a filing packet'],
    ['check_local_rules', 'Check local rules'],
  ]),
  ...area('filing', RESERVED, FORBIDDEN, [
    ['certify', 'Certify a filing'],
    ['sign', 'Sign a filing'],
    ['appear', 'Appear in court'],
  ]),
  ...area('intake', ADMINISTRATIVE, CLERICAL, [
    ['collect_form_answers', 'Collect answers on a form that an attorney has approved'],
    ['run_conflict_search', 'Run a conflict search', 'ABA Model Rule 1.10 cmt. 4'],
    ['schedule', 'Schedule an intake'],
    ['send_approved_engagement_letter', 'Send an engagement letter that has been approved'],
  ]),
  ...area('intake', SUBSTANTIVE, LEGAL, [
    ['interview_for_facts', 'Interview for facts'],
    ['draft_chronology', 'Draft a chronology'],
  ]),
  ...area('intake', RESERVED, NOT_DELEGABLE, [
    ['accept_or_decline', 'Accept or decline a case'],
    ['set_fee', 'Quote or set a fee'],
    ['establish_relationship', 'Establish the attorney-client relationship'],
  ]),
  ...area('client_contact', ADMINISTRATIVE, CLERICAL, [
    ['relay_approved_status', 'Relay a status text approved for the matter'],
    ['make_appointment', 'Make an appointment'],
    ['help_with_portal', 'Help with the portal'],
    ['collect_documents', 'Collect documents'],
  ]),
  ...area('client_contact', SUBSTANTIVE, LEGAL, [
    ['follow_up_on_facts', 'Follow up on facts under instruction, stating not to be a lawyer'],
  ]),
  ...area('client_contact', RESERVED, FORBIDDEN, [
    ['advise', 'Give legal advice'],
    ['explain_legal_effect', 'Explain the legal effect of something'],
    ['discuss_settlement', 'Talk about a settlement'],
  ]),
  ...area('research', ADMINISTRATIVE, CLERICAL, [
    ['find_form_number', 'Find the number of a form'],
    ['find_address', 'Find an address'],
    ['find_court_hours', "Find a court's hours"],
    ['retrieve_named_case', 'Retrieve a case by its name'],
  ]),
  ...area('research', SUBSTANTIVE, LEGAL, [
    ['research_law', 'Research law'],
    ['research_facts', 'Research facts'],
    ['draft_memo_to_attorney', 'Draft a memo to the attorney'],
  ]),
  ...area('research', RESERVED, NOT_DELEGABLE, [['give_opinion', 'Give a client a legal opinion']]),
  ...area('office', ADMINISTRATIVE, CLERICAL, [
    ['type_time_entries', 'Type time entries'],
    ['assemble_invoice', 'Assemble an invoice'],
    ['post_payment', 'Post a payment'],
    ['record_expense_receipt', 'Record the receipt of an expense'],
    ['handle_mail', 'Handle mail'],
    ['answer_phone', 'Answer the phone'],
    ['keep_contacts', 'Keep the contact records'],
    ['book_vendor', 'Book a vendor'],
  ]),
  ...area('office', SUBSTANTIVE, LEGAL, [['analyse_budget', 'Compare budget and actual for the attorney']]),
  ...area('office', RESERVED, NOT_DELEGABLE, [
    ['set_client_rates', 'Set rates to a client'],
    ['write_off', 'Write off what a client owes'],
  ]),
];

/** Codes of a tenant's own kinds of work begin with this, and none of the catalogue ever does. */
export const OWN_KIND = 'own.';

const byCode = new Map(taskCatalogue.map((kind) => [kind.code, kind]));

const { OPERATIONS_MANAGER, BILLING_MANAGER, PARALEGAL, VIRTUAL_ASSISTANT, ATTORNEY } = Role;
const rules: ReadonlyMap<TaskClass, Rule> = new Map([
  [
    ADMINISTRATIVE,
    ruleFor(ADMINISTRATIVE, [OPERATIONS_MANAGER, BILLING_MANAGER, PARALEGAL, VIRTUAL_ASSISTANT, ATTORNEY]),
  ],
  [SUBSTANTIVE, ruleFor(SUBSTANTIVE, [PARALEGAL, ATTORNEY])],
  [RESERVED, ruleFor(RESERVED, [ATTORNEY])],
]);

/**
 * The class of a kind of work for a tenant: the stricter of the shipped floor and the tenant's own. What would loosen the floor has no
 * effect, nor has what is no class, and work that is not in the catalogue is substantive at least: all of it fails closed. Only of its
 * own kinds (`own.`) does the tenant alone say the class, which identity takes from it with an attorney's sign-off; they have no floor.
 */
export function effectiveClass(code: string, tightenings: Tightenings = {}): TaskClass {
  const floor = byCode.get(code)?.taskClass ?? SUBSTANTIVE;
  const own = Object.hasOwn(tightenings, code) ? tightenings[code] : undefined;
  if (own === undefined || !rules.has(own)) return floor;
  return own > floor || code.startsWith(OWN_KIND) ? own : floor;
}

/** The rule of a kind of work for a tenant, as `decide` takes it. */
export function ruleOf(code: string, tightenings: Tightenings = {}): Rule {
  return rules.get(effectiveClass(code, tightenings))!;
}

/**
 * Checks that a class which a tenant wants for a kind of work is not below the floor. The tenant's own kinds have none.
 *
 * @throws DomainError invalid TASK_CLASS_BELOW_FLOOR; invalid TASK_CLASS_UNKNOWN for what is no class
 */
export function requireTightening(code: string, taskClass: TaskClass): void {
  if (!rules.has(taskClass)) throw DomainError.invalid('task_class', 'TASK_CLASS_UNKNOWN', 'there is no such class');
  const floor = effectiveClass(code);
  if (taskClass >= floor || code.startsWith(OWN_KIND)) return;
  const message = `${code} is ${TaskClass[floor].toLowerCase()} at least; a tenant may tighten that and never loosen it`;
  throw DomainError.invalid('task_class', 'TASK_CLASS_BELOW_FLOOR', message);
}

function ruleFor(taskClass: TaskClass, roles: readonly Role[]): Rule {
  return Object.freeze({ taskClass, roles: [...roles], public: false });
}
