import { Controller } from '@nestjs/common';
import { toTimestamp } from '@paradesk/contracts';
import {
  type AuditHead as AuditHeadMessage,
  AuditHeadsServiceControllerMethods,
  type AuditHeadsServiceController,
  type ListAuditHeadsRequest,
  type NotarizeHeadRequest,
} from '@paradesk/contracts/paradesk/identity/v1/audit_heads';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { AuditHead } from './audit-head.entity.js';
import { AuditHeadsService } from './audit-heads.service.js';

@Controller()
@AuditHeadsServiceControllerMethods()
export class AuditHeadsController implements AuditHeadsServiceController {
  constructor(private readonly heads: AuditHeadsService) {}

  notarizeHead(request: NotarizeHeadRequest, metadata: CallMetadata) {
    return this.heads.notarize(callerOf(metadata), request).then(toProto);
  }

  async listAuditHeads(request: ListAuditHeadsRequest, metadata: CallMetadata) {
    const { items, page } = await this.heads.list(callerOf(metadata), request.page);
    return { heads: items.map(toProto), page, jwks: JSON.stringify(this.heads.publicKeys()) };
  }
}

function toProto({ id, service, sequence, hash, signedAt, jws }: AuditHead): AuditHeadMessage {
  return { id, service, sequence, hash, signedAt: toTimestamp(signedAt), jws };
}
