import { Module } from '@nestjs/common';
import { MattersConsumer } from './matters.consumer.js';

@Module({ controllers: [MattersConsumer] })
export class MattersModule {}
