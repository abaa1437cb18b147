import { Module } from '@nestjs/common';
import { MattersModule } from '../matters/matters.module.js';
import { PeopleModule } from '../people/people.module.js';
import { WallsController } from './walls.controller.js';
import { WallsService } from './walls.service.js';

@Module({ imports: [MattersModule, PeopleModule], controllers: [WallsController], providers: [WallsService] })
export class WallsModule {}
