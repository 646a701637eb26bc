export interface AwsOptions {
  readonly region: string;
  /** Profile of the shared AWS configuration; unset for the default provider chain. */
  readonly profile?: string;
  /** Base URL that replaces every AWS host: an emulator or a VPC endpoint. */
  readonly endpoint?: string;
}
