import { Module } from '@nestjs/common';
import { MattersConsumer } from './matters.consumer.js';
import { MattersService } from './matters.service.js';

@Module({ controllers: [MattersConsumer], providers: [MattersService], exports: [MattersService] })
export class MattersModule {}
