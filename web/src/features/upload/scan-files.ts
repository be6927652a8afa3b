/** The dropped or chosen files that are uploaded as one scan. */
export interface ScanFiles {
  name: string;
  files: readonly FileAtPath[];
  bytes: number;
}

export interface FileAtPath {
  path: string;
  file: File;
}

const ARCHIVE = /\.(zip|nii|nii\.gz)$/i;
const IGNORED_FILES = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*|\._[^/]*)$/i;

/** An archive is one scan, and so is a folder; single files together are one scan. */
export function groupIntoScans(files: readonly File[]): ScanFiles[] {
  const used = files.map((file) => ({ path: pathOf(file), file })).filter(({ path }) => !IGNORED_FILES.test(path));
  const archives = used.filter(({ path }) => ARCHIVE.test(path));
  const folders = new Map<string, FileAtPath[]>();
  for (const one of used) {
    if (ARCHIVE.test(one.path)) continue;
    const folder = one.path.includes("/") ? (one.path.split("/")[0] ?? "") : "";
    folders.set(folder, [...(folders.get(folder) ?? []), one]);
  }
  return [
    ...archives.map((one) => scanFilesOf(one.file.name, [one])),
    ...[...folders].map(([folder, own]) => scanFilesOf(folder || looseName(own), own)),
  ];
}

/** Whether the files must be zipped before they are sent. */
export function needsZip({ files }: ScanFiles): boolean {
  return files.length > 1;
}

function scanFilesOf(name: string, files: readonly FileAtPath[]): ScanFiles {
  return { name, files, bytes: files.reduce((sum, { file }) => sum + file.size, 0) };
}

function looseName(files: readonly FileAtPath[]): string {
  const first = files[0]?.path ?? "";
  return files.length > 1 ? `${first} + ${files.length - 1}` : first;
}

/** A dropped folder has the path in `path` or `relativePath`, a chosen one in `webkitRelativePath`. */
function pathOf(file: File): string {
  const { path, relativePath } = file as File & { path?: string; relativePath?: string };
  return (path || relativePath || file.webkitRelativePath || file.name).replace(/^\.?\//, "");
}
