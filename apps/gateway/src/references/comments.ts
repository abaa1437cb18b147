import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from '@bufbuild/protobuf';

type Commented = DescMessage | DescField | DescEnum | DescEnumValue | DescService | DescMethod;

const known = new WeakMap<DescFile, Map<string, string>>();

/** The comment above a declaration in its proto file, on one line; empty where there is none. */
export function commentOf(desc: Commented): string {
  const [file, path] = place(desc);
  let comments = known.get(file);
  if (!comments) {
    const locations = file.proto.sourceCodeInfo?.location ?? [];
    comments = new Map(
      locations.map(({ path: at, leadingComments }) => [
        at.join('.'),
        leadingComments.trim().replaceAll(/\s*\n\s*/g, ' '),
      ]),
    );
    known.set(file, comments);
  }
  return comments.get(path.join('.')) ?? '';
}

/** Where a declaration stands, by the field numbers of FileDescriptorProto (descriptor.proto); the contracts nest no messages. */
function place(desc: Commented): [DescFile, number[]] {
  switch (desc.kind) {
    case 'message':
      return [desc.file, [4, desc.file.proto.messageType.indexOf(desc.proto)]];
    case 'enum':
      return [desc.file, [5, desc.file.proto.enumType.indexOf(desc.proto)]];
    case 'service':
      return [desc.file, [6, desc.file.proto.service.indexOf(desc.proto)]];
    case 'field':
      return below(desc.parent, desc.parent.proto.field.indexOf(desc.proto));
    case 'enum_value':
      return below(desc.parent, desc.parent.proto.value.indexOf(desc.proto));
    case 'rpc':
      return below(desc.parent, desc.parent.proto.method.indexOf(desc.proto));
  }
}

function below(parent: DescMessage | DescEnum | DescService, index: number): [DescFile, number[]] {
  const [file, path] = place(parent);
  return [file, [...path, 2, index]];
}
