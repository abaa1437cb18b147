import { Controller } from '@nestjs/common';
import { fromDate, fromMoney, toMoney } from '@paradesk/contracts';
import {
  type AllocationShare,
  type ApplyCreditRequest,
  type ChargeBackPaymentRequest,
  type GetClientCreditRequest,
  type GetPaymentRequest,
  type ListAllocationsRequest,
  type ListPaymentsRequest,
  PaymentsServiceControllerMethods,
  type PaymentsServiceController,
  type RecordPaymentRequest,
  type RefundPaymentRequest,
} from '@paradesk/contracts/paradesk/billing/v1/payments';
import { DomainError } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { AllocationWish } from '../allocations/allocations.service.js';
import { ClientCreditService } from './client-credit.service.js';
import { PaymentReturnsService } from './payment-returns.service.js';
import { toAllocation, toProto, toRefund } from './payment.message.js';
import { PaymentsService } from './payments.service.js';

@Controller()
@PaymentsServiceControllerMethods()
export class PaymentsController implements PaymentsServiceController {
  constructor(
    private readonly payments: PaymentsService,
    private readonly returns: PaymentReturnsService,
    private readonly credit: ClientCreditService,
  ) {}

  async recordPayment(request: RecordPaymentRequest, metadata: CallMetadata) {
    const { invoiceId, clientId } = request;
    const caller = callerOf(metadata);
    const money = {
      amount: fromMoney(request.amount, 'amount'),
      receivedOn: fromDate(request.receivedOn, 'receivedOn'),
      // Blanks around it are no other reference: money told of twice is booked once.
      reference: request.reference.trim(),
    };
    if ((invoiceId === '') === (clientId === ''))
      throw DomainError.invalid(
        'invoiceId',
        'INVOICE_OR_CLIENT',
        'state the invoice that is paid, or the client who pays',
      );
    const wish = toWish(request, []);
    if (clientId !== '') return toProto(await this.payments.recordForClient(caller, { ...money, clientId, wish }));
    if (wish.length > 0)
      throw DomainError.invalid('allocations', 'ALLOCATIONS_OF_INVOICE', 'the invoice gets all of its payment');
    return toProto(await this.payments.recordForInvoice(caller, { ...money, invoiceId }));
  }

  async getPayment(request: GetPaymentRequest, metadata: CallMetadata) {
    return toProto(await this.payments.get(callerOf(metadata), request.paymentId));
  }

  async applyCredit(request: ApplyCreditRequest, metadata: CallMetadata) {
    const { clientId, currencyCode: currency, paymentId } = request;
    const wish = toWish(request, 'oldest-first');
    const made = await this.credit.apply(callerOf(metadata), { clientId, currency, paymentId, wish });
    return { allocations: made.map(toAllocation) };
  }

  async refundPayment(request: RefundPaymentRequest, metadata: CallMetadata) {
    const refund = await this.returns.refund(callerOf(metadata), {
      paymentId: request.paymentId,
      amount: fromMoney(request.amount, 'amount'),
      refundedOn: fromDate(request.refundedOn, 'refundedOn'),
      reference: request.reference.trim(),
    });
    return toRefund(refund);
  }

  async chargeBackPayment(request: ChargeBackPaymentRequest, metadata: CallMetadata) {
    const { paymentId, reason } = request;
    const chargedBackOn = fromDate(request.chargedBackOn, 'chargedBackOn');
    return toProto(await this.returns.chargeBack(callerOf(metadata), { paymentId, chargedBackOn, reason }));
  }

  async getClientCredit({ clientId }: GetClientCreditRequest, metadata: CallMetadata) {
    return { amounts: (await this.credit.get(callerOf(metadata), clientId)).map(toMoney) };
  }

  async listAllocations({ page, ...filter }: ListAllocationsRequest, metadata: CallMetadata) {
    const { paymentId, invoiceId, clientId } = filter;
    const list = await this.payments.listAllocations(callerOf(metadata), { paymentId, invoiceId, clientId }, page);
    return { allocations: list.items.map(toAllocation), page: list.page };
  }

  async listPayments({ invoiceId, clientId, page }: ListPaymentsRequest, metadata: CallMetadata) {
    const list = await this.payments.list(callerOf(metadata), { invoiceId, clientId }, page);
    return { payments: list.items.map(toProto), page: list.page };
  }
}

/** @param unstated what neither shares nor their order mean */
function toWish(
  { allocations, oldestFirst }: { allocations: AllocationShare[]; oldestFirst: boolean },
  unstated: AllocationWish,
): AllocationWish {
  if (oldestFirst && allocations.length > 0)
    throw DomainError.invalid(
      'oldestFirst',
      'ALLOCATIONS_STATED',
      'either the invoices are named, or the oldest come first',
    );
  if (oldestFirst) return 'oldest-first';
  if (allocations.length === 0) return unstated;
  return allocations.map(({ invoiceId, amount }, index) => ({
    // In one spelling, so that an invoice that is named twice is seen to be.
    invoiceId: invoiceId.toLowerCase(),
    amount: fromMoney(amount, `allocations[${index}].amount`),
  }));
}
