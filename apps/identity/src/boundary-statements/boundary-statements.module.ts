import { Module } from '@nestjs/common';
import { AcknowledgementsModule } from '../acknowledgements/acknowledgements.module.js';
import { BoundaryStatementsController } from './boundary-statements.controller.js';
import { BoundaryStatementsService } from './boundary-statements.service.js';

@Module({
  imports: [AcknowledgementsModule],
  controllers: [BoundaryStatementsController],
  providers: [BoundaryStatementsService],
})
export class BoundaryStatementsModule {}
