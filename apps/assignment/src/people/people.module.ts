import { Module } from '@nestjs/common';
import { PeopleConsumer } from './people.consumer.js';
import { PeopleService } from './people.service.js';

@Module({ controllers: [PeopleConsumer], providers: [PeopleService], exports: [PeopleService] })
export class PeopleModule {}
