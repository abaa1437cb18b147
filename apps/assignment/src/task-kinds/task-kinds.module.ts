import { Module } from '@nestjs/common';
import { TaskKindsConsumer } from './task-kinds.consumer.js';
import { TaskKindsService } from './task-kinds.service.js';

@Module({ controllers: [TaskKindsConsumer], providers: [TaskKindsService], exports: [TaskKindsService] })
export class TaskKindsModule {}
