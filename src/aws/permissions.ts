/**
 * What the role of a function needs for one adapter. Each adapter declares its own beside its calls; the deployment
 * template is compared with these, and the table in docs/deployment.md is made from them.
 */
export interface Permissions {
  /** What it is for, as a row of the table. */
  readonly title: string;
  /** IAM actions that read, or that write Checkpilot's own state. */
  readonly actions: readonly string[];
  /** IAM actions that start and end runs: left out of every role with `Act: none`. */
  readonly acts?: readonly string[];
  /** IAM actions that change anything else: only there with `Act: all`. */
  readonly actsAll?: readonly string[];
}
