/** Which service this is, for what platform serves in each of them. */
export class ServiceName {
  /** @param name such as `billing` */
  constructor(readonly name: string) {}
}
