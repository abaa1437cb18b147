import { Controller } from '@nestjs/common';
import { fromDate, fromMoney, toDate, toMoney } from '@paradesk/contracts';
import {
  type GetPaymentRequest,
  type ListPaymentsRequest,
  PaymentsServiceControllerMethods,
  type Payment as PaymentMessage,
  type PaymentsServiceController,
  type RecordPaymentRequest,
} from '@paradesk/contracts/paradesk/billing/v1/payments';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { Payment, ReceivedPayment } from './payment.entity.js';
import { PaymentsService } from './payments.service.js';

@Controller()
@PaymentsServiceControllerMethods()
export class PaymentsController implements PaymentsServiceController {
  constructor(private readonly payments: PaymentsService) {}

  async recordPayment(request: RecordPaymentRequest, metadata: CallMetadata) {
    return toProto(await this.payments.record(callerOf(metadata), toReceived(request)));
  }

  async getPayment(request: GetPaymentRequest, metadata: CallMetadata) {
    return toProto(await this.payments.get(callerOf(metadata), request.paymentId));
  }

  async listPayments({ invoiceId, page }: ListPaymentsRequest, metadata: CallMetadata) {
    const list = await this.payments.list(callerOf(metadata), invoiceId, page);
    return { payments: list.items.map(toProto), page: list.page };
  }
}

function toReceived({ invoiceId, amount, receivedOn, reference }: RecordPaymentRequest): ReceivedPayment {
  return {
    invoiceId,
    amount: fromMoney(amount, 'amount'),
    receivedOn: fromDate(receivedOn, 'receivedOn'),
    // Blanks around it are no other reference: money told of twice is booked once.
    reference: reference.trim(),
  };
}

function toProto(payment: Payment): PaymentMessage {
  return {
    id: payment.id,
    clientId: payment.clientId,
    invoiceId: payment.invoiceId,
    amount: toMoney(payment.amount),
    receivedOn: toDate(payment.receivedOn),
    reference: payment.reference,
  };
}
