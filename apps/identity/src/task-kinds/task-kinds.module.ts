import { Module } from '@nestjs/common';
import { TaskKindsController } from './task-kinds.controller.js';
import { TaskKindsService } from './task-kinds.service.js';

@Module({ controllers: [TaskKindsController], providers: [TaskKindsService] })
export class TaskKindsModule {}
