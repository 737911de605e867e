import { Field, ID, ObjectType } from '@nestjs/graphql';

/** An item on a user's list. */
@ObjectType()
export class Item {
  @Field(() => ID)
  readonly id: string;

  @Field(() => String)
  readonly title: string;

  @Field(() => String)
  readonly createdAt: string;

  constructor(title: string) {
    this.id = crypto.randomUUID();
    this.title = title;
    this.createdAt = new Date().toISOString();
  }
}
