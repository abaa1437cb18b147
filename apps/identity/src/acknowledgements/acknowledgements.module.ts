import { Module } from '@nestjs/common';
import { AcknowledgementsService } from './acknowledgements.service.js';

@Module({ providers: [AcknowledgementsService], exports: [AcknowledgementsService] })
export class AcknowledgementsModule {}
