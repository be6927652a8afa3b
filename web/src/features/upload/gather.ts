/** What was dropped or chosen -> parcels, each of which becomes one scan. */
export interface Parcel {
  name: string;
  files: readonly Placed[];
  bytes: number;
}

export interface Placed {
  path: string;
  file: File;
}

const ARCHIVE = /\.(zip|nii|nii\.gz)$/i;
const LITTER = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*|\._[^/]*)$/i;

/** An archive is a parcel of its own, and so is a folder; loose files together are one study. */
export function gather(files: readonly File[]): Parcel[] {
  const placed = files.map((file) => ({ path: pathOf(file), file })).filter(({ path }) => !LITTER.test(path));
  const archives = placed.filter(({ path }) => ARCHIVE.test(path));
  const folders = new Map<string, Placed[]>();
  for (const one of placed) {
    if (ARCHIVE.test(one.path)) continue;
    const folder = one.path.includes("/") ? (one.path.split("/")[0] ?? "") : "";
    folders.set(folder, [...(folders.get(folder) ?? []), one]);
  }
  return [
    ...archives.map((one) => parcel(one.file.name, [one])),
    ...[...folders].map(([folder, own]) => parcel(folder || looseName(own), own)),
  ];
}

/** Whether the parcel must be packed before it is sent. */
export function needsPacking({ files }: Parcel): boolean {
  return files.length > 1;
}

function parcel(name: string, files: readonly Placed[]): Parcel {
  return { name, files, bytes: files.reduce((sum, { file }) => sum + file.size, 0) };
}

function looseName(files: readonly Placed[]): string {
  const first = files[0]?.path ?? "";
  return files.length > 1 ? `${first} + ${files.length - 1}` : first;
}

/** A dropped folder tells the path in `path` or `relativePath`, a chosen one in `webkitRelativePath`. */
function pathOf(file: File): string {
  const { path, relativePath } = file as File & { path?: string; relativePath?: string };
  return (path || relativePath || file.webkitRelativePath || file.name).replace(/^\.?\//, "");
}
