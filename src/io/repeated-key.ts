/**
 * The first key that one object of a JSON text holds twice, or undefined. `JSON.parse` keeps the last of them without
 * a word, so a file could show different content to different readers. `json` must be valid JSON.
 */
export function repeatedKey(json: string): string | undefined {
  // One entry per open bracket: an object's keys so far, or undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const start = i;
        do i += json[i] === "\\" ? 2 : 1;
        while (json[i] !== '"');
        if (!isFollowedByColon(json, i + 1)) break;
        const key: string = JSON.parse(json.slice(start, i + 1));
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
    }
  }
  return undefined;
}

function isFollowedByColon(json: string, from: number): boolean {
  let i = from;
  while (json[i] === " " || json[i] === "\n" || json[i] === "\r" || json[i] === "\t") i++;
  return json[i] === ":";
}
