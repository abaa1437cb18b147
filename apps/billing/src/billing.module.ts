import { Module } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import { AdjustmentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/adjustments';
import { AgreementsServiceService } from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { BillingRunsServiceService } from '@paradesk/contracts/paradesk/billing/v1/billing_runs';
import { ExpensesServiceService } from '@paradesk/contracts/paradesk/billing/v1/expenses';
import { GuidelinesServiceService } from '@paradesk/contracts/paradesk/billing/v1/guidelines';
import { ImportsServiceService } from '@paradesk/contracts/paradesk/billing/v1/imports';
import { InvoicesServiceService } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { LedesServiceService } from '@paradesk/contracts/paradesk/billing/v1/ledes';
import { LedgerServiceService } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { PeriodLocksServiceService } from '@paradesk/contracts/paradesk/billing/v1/period_locks';
import { PaymentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/payments';
import { RatesServiceService } from '@paradesk/contracts/paradesk/billing/v1/rates';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { TimersServiceService } from '@paradesk/contracts/paradesk/billing/v1/timers';
import { WriteOffsServiceService } from '@paradesk/contracts/paradesk/billing/v1/write_offs';
import { defineService } from '@paradesk/platform';
import { AdjustmentsModule } from './adjustments/adjustments.module.js';
import { AgreementsModule } from './agreements/agreements.module.js';
import { BillingRunsModule } from './billing-runs/billing-runs.module.js';
import { ClientsModule } from './clients/clients.module.js';
import { billingConfig } from './config.js';
import { entities, migrations } from './data-source.js';
import { ErasuresModule } from './erasures/erasures.module.js';
import { ExpensesModule } from './expenses/expenses.module.js';
import { GuidelinesModule } from './guidelines/guidelines.module.js';
import { ImportsModule } from './imports/imports.module.js';
import { InvoicesModule } from './invoices/invoices.module.js';
import { LedesModule } from './ledes/ledes.module.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { MattersModule } from './matters/matters.module.js';
import { PaymentsModule } from './payments/payments.module.js';
import { PeriodLocksModule } from './period-locks/period-locks.module.js';
import { PeopleModule } from './people/people.module.js';
import { RatesModule } from './rates/rates.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { TaskKindsModule } from './task-kinds/task-kinds.module.js';
import { TimeEntriesModule } from './time-entries/time-entries.module.js';
import { TimersModule } from './timers/timers.module.js';
import { WriteOffsModule } from './write-offs/write-offs.module.js';

export { readLedes1998b } from './ledes/ledes-reader.js';
export { type LedesFile, type LedesInvoice, type LedesLine } from './ledes/ledes-1998b-columns.js';

@Module({
  imports: [
    TenantsModule,
    TaskKindsModule,
    ClientsModule,
    MattersModule,
    PeopleModule,
    AgreementsModule,
    RatesModule,
    PeriodLocksModule,
    TimeEntriesModule,
    TimersModule,
    ExpensesModule,
    AdjustmentsModule,
    GuidelinesModule,
    ImportsModule,
    InvoicesModule,
    BillingRunsModule,
    PaymentsModule,
    WriteOffsModule,
    LedgerModule,
    LedesModule,
    ErasuresModule,
  ],
})
export class BillingModule {}

/** Agreements, time, expenses, imports, invoices, payments, ledger. */
export const billing = defineService({
  name: 'billing',
  module: BillingModule,
  config: billingConfig,
  entities,
  migrations,
  grpc: [
    AgreementsServiceService,
    RatesServiceService,
    TimeEntriesServiceService,
    TimersServiceService,
    PeriodLocksServiceService,
    ExpensesServiceService,
    AdjustmentsServiceService,
    GuidelinesServiceService,
    ImportsServiceService,
    InvoicesServiceService,
    BillingRunsServiceService,
    PaymentsServiceService,
    WriteOffsServiceService,
    LedgerServiceService,
    LedesServiceService,
  ],
  consumes: [topics.tenants, topics.task_kinds, topics.clients, topics.people, topics.matters, topics.erasures],
});
