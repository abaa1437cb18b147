import { Module } from '@nestjs/common';
import { LedesController } from './ledes.controller.js';

@Module({ controllers: [LedesController] })
export class LedesModule {}
