import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';

const reasons = {
  receivedOn: 'RECEIVED_IN_FUTURE',
  refundedOn: 'REFUNDED_IN_FUTURE',
  chargedBackOn: 'CHARGED_BACK_IN_FUTURE',
} as const;

/** Money moved today or before, where the tenant is. @throws DomainError invalid with the reason of the field */
export function requirePast(field: keyof typeof reasons, day: Temporal.PlainDate, today: Temporal.PlainDate): void {
  if (Temporal.PlainDate.compare(day, today) <= 0) return;
  throw DomainError.invalid(field, reasons[field], `it is ${today.toString()} where the tenant is`);
}
