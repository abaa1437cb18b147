import { Adjustment } from './adjustments/adjustment.entity.js';
import { Allocation } from './allocations/allocation.entity.js';
import { Agreement, AgreementRate } from './agreements/agreement.entity.js';
import { BillingRun, BillingRunItem } from './billing-runs/billing-run.entity.js';
import { Client } from './clients/client.entity.js';
import { Expense } from './expenses/expense.entity.js';
import { ClientGuidelines } from './guidelines/client-guidelines.entity.js';
import { InvoiceNumberCounter } from './invoices/invoice-number-counter.entity.js';
import { InvoiceLine } from './invoices/invoice-line.entity.js';
import { Invoice } from './invoices/invoice.entity.js';
import { FixedFee } from './fixed-fees/fixed-fee.entity.js';
import { Posting, PostingLine } from './ledger/posting.entity.js';
import { Matter } from './matters/matter.entity.js';
import { CreateCopies1767225600000 } from './migrations/1767225600000-create-copies.js';
import { CreateAgreements1767225600500 } from './migrations/1767225600500-create-agreements.js';
import { CreateWork1767225601000 } from './migrations/1767225601000-create-work.js';
import { CreateInvoices1767225602000 } from './migrations/1767225602000-create-invoices.js';
import { CreateLedger1767225603000 } from './migrations/1767225603000-create-ledger.js';
import { CreatePayments1767225604000 } from './migrations/1767225604000-create-payments.js';
import { AllocatePayments1767225610400 } from './migrations/1767225610400-allocate-payments.js';
import { KnowTaskKinds1767225610220 } from './migrations/1767225610220-know-task-kinds.js';
import { WriteOff1767225610410 } from './migrations/1767225610410-write-off.js';
import { OrderPostings1767225610430 } from './migrations/1767225610430-order-postings.js';
import { CreateBillingRuns1767225610500 } from './migrations/1767225610500-create-billing-runs.js';
import { ExtendAgreements1767225610100 } from './migrations/1767225610100-extend-agreements.js';
import { ExtendInvoices1767225610110 } from './migrations/1767225610110-extend-invoices.js';
import { CreateGuidelines1767225610210 } from './migrations/1767225610210-create-guidelines.js';
import { ExtendWork1767225610200 } from './migrations/1767225610200-extend-work.js';
import { IsolateMatters1767225619000 } from './migrations/1767225619000-isolate-matters.js';
import { IsolateAgreements1767225619100 } from './migrations/1767225619100-isolate-agreements.js';
import { Chargeback, Refund } from './payments/payment-return.entity.js';
import { Payment } from './payments/payment.entity.js';
import { PeriodLock } from './period-locks/period-lock.entity.js';
import { Person } from './people/person.entity.js';
import { Rate } from './rates/rate.entity.js';
import { Tenant } from './tenants/tenant.entity.js';
import { TimeEntry } from './time-entries/time-entry.entity.js';
import { Timer } from './timers/timer.entity.js';
import { WriteOff } from './write-offs/write-off.entity.js';

export const entities = [
  Tenant,
  Client,
  Matter,
  Person,
  Agreement,
  AgreementRate,
  Rate,
  FixedFee,
  TimeEntry,
  Timer,
  PeriodLock,
  ClientGuidelines,
  Expense,
  Adjustment,
  Invoice,
  InvoiceLine,
  InvoiceNumberCounter,
  BillingRun,
  BillingRunItem,
  Payment,
  Allocation,
  Refund,
  Chargeback,
  WriteOff,
  Posting,
  PostingLine,
];

export const migrations = [
  CreateCopies1767225600000,
  CreateAgreements1767225600500,
  CreateWork1767225601000,
  CreateInvoices1767225602000,
  CreateLedger1767225603000,
  CreatePayments1767225604000,
  ExtendAgreements1767225610100,
  ExtendInvoices1767225610110,
  ExtendWork1767225610200,
  CreateGuidelines1767225610210,
  KnowTaskKinds1767225610220,
  AllocatePayments1767225610400,
  WriteOff1767225610410,
  OrderPostings1767225610430,
  CreateBillingRuns1767225610500,
  IsolateMatters1767225619000,
  IsolateAgreements1767225619100,
];
