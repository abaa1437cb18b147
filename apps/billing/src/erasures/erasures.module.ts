import { Module } from '@nestjs/common';
import { ErasuresConsumer } from './erasures.consumer.js';

@Module({ controllers: [ErasuresConsumer] })
export class ErasuresModule {}
