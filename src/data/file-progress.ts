/** How far the download of one file is. */
export interface FileProgress {
  readonly file: string;
  readonly received: number;
  readonly bytes: number;
}
