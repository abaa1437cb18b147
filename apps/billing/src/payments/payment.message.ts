import { toDate, toMoney } from '@paradesk/contracts';
import type {
  Allocation as AllocationMessage,
  Payment as PaymentMessage,
  Refund as RefundMessage,
} from '@paradesk/contracts/paradesk/billing/v1/payments';
import type { Allocation } from '../allocations/allocation.entity.js';
import type { Refund } from './payment-return.entity.js';
import type { Payment } from './payment.entity.js';

export function toProto(payment: Payment): PaymentMessage {
  return {
    id: payment.id,
    clientId: payment.clientId,
    invoiceId: payment.invoiceId ?? '',
    amount: toMoney(payment.amount),
    receivedOn: toDate(payment.receivedOn),
    reference: payment.reference,
    allocated: toMoney(payment.money(payment.allocatedMinor)),
    refunded: toMoney(payment.money(payment.refundedMinor)),
    chargedBack: toMoney(payment.money(payment.chargedBackMinor)),
    rest: toMoney(payment.rest),
  };
}

export function toAllocation(allocation: Allocation): AllocationMessage {
  return {
    id: allocation.id,
    paymentId: allocation.paymentId,
    invoiceId: allocation.invoiceId,
    amount: toMoney(allocation.amount),
    allocatedOn: toDate(allocation.allocatedOn),
    reason: allocation.reason,
  };
}

export function toRefund(refund: Refund): RefundMessage {
  return {
    id: refund.id,
    paymentId: refund.paymentId,
    amount: toMoney(refund.amount),
    refundedOn: toDate(refund.refundedOn),
    reference: refund.reference,
  };
}
