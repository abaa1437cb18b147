import { fromBinary, type DescMessage } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { isUuid } from '@paradesk/kernel';

const MATTER = 'paradesk.assignment.v1.Matter';

/** Makes what finds the matters that an encoded message tells of: its fields `matter_id` and `matter_ids`, and matters themselves. */
export function namedMatters(message: DescMessage): (bytes: Uint8Array) => string[] {
  return (bytes) => {
    const found = new Set<string>();
    gather(reflect(message, fromBinary(message, bytes)), found);
    return [...found];
  };
}

function gather(message: ReflectMessage, found: Set<string>): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const names = field.name === 'matter_id' || field.name === 'matter_ids';
    if (names || (field.name === 'id' && message.desc.typeName === MATTER)) keep(message.get(field), found);
    if (field.fieldKind === 'message') gather(message.get(field), found);
    if (field.fieldKind === 'list' && field.listKind === 'message')
      for (const item of message.get(field)) gather(item as ReflectMessage, found);
  }
}

function keep(value: unknown, found: Set<string>): void {
  const ids = typeof value === 'string' ? [value] : [...(value as Iterable<unknown>)];
  for (const id of ids) if (typeof id === 'string' && isUuid(id)) found.add(id);
}
