import type { GitTarget } from "./targets.js";

/**
 * Settings of every run. They travel in the environment, not on the command line: other users of the machine can list command lines.
 * Nothing of the user's or the system's configuration is read.
 */
const SETTINGS: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.logAllRefUpdates", "false"],
  ["credential.helper", ""],
  ["fetch.recurseSubmodules", "false"],
  ["gc.auto", "0"],
  ["http.followRedirects", "false"],
  ["maintenance.auto", "false"],
  ["protocol.allow", "never"],
  ["protocol.ext.allow", "never"],
  ["protocol.file.allow", "always"],
  ["protocol.http.allow", "always"],
  ["protocol.https.allow", "always"],
  ["push.followTags", "false"],
  ["push.gpgSign", "false"],
  ["push.recurseSubmodules", "no"],
  ["submodule.recurse", "false"],
  ["transfer.credentialsInUrl", "die"],
];

/**
 * The whole environment of a git process; nothing is inherited but PATH.
 *
 * @param home an empty folder: libcurl would read `.netrc` there.
 * @param authorization header for the target's address and no other; given only to runs that talk to it.
 */
export function gitEnvironment(
  target: GitTarget,
  home: string,
  authorization?: string,
): Readonly<Record<string, string>> {
  const settings = [
    ...SETTINGS,
    ...(target.caFile === undefined ? [] : [["http.sslCAInfo", target.caFile] as const]),
    ...(authorization === undefined ? [] : [[`http.${target.url}.extraHeader`, authorization] as const]),
  ];
  return {
    PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    LC_ALL: "C",
    TZ: "UTC",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(settings.map(([key], index) => [`GIT_CONFIG_KEY_${index}`, key])),
    ...Object.fromEntries(settings.map(([, value], index) => [`GIT_CONFIG_VALUE_${index}`, value])),
  };
}
