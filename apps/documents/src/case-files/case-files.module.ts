import { Module } from '@nestjs/common';
import { CaseFilesConsumer } from './case-files.consumer.js';
import { CaseFilesService } from './case-files.service.js';

@Module({ controllers: [CaseFilesConsumer], providers: [CaseFilesService], exports: [CaseFilesService] })
export class CaseFilesModule {}
