// What is known about each server: the oldest version that does, how it says its version, and how it is made when it is absent.

/**
 * @typedef {object} Kind
 * @property {readonly [number, number, number]} atLeast  Oldest version taken from the machine.
 * @property {string} why  What an older one lacks.
 * @property {boolean} [kubebuilder]  Is it one of the binaries that `KUBEBUILDER_ASSETS` names?
 * @property {{package: string, module: string}} [go]  What `go build` makes it of.
 * @property {string} [apt]  The Debian package that holds it.
 * @property {readonly string[]} [aptAlso]  Packages to unpack with it even where they are installed.
 * @property {string} otherwise  What a person can do where neither way works.
 */

/** @type {Readonly<Record<string, Kind>>} */
export const kinds = {
  "redis-server": {
    atLeast: [7, 0, 0],
    why: "scripts that declare their flags and ACLs per key permission came with 7.0",
    apt: "redis-server",
    aptAlso: ["redis-tools"],
    otherwise: process.platform === "darwin" ? "brew install redis" : "sudo apt-get install redis-server",
  },
  "nats-server": {
    atLeast: [2, 12, 3],
    why: "an acknowledged message must be on the disk, which sync_interval promises since 2.12.3",
    go: { package: "github.com/nats-io/nats-server/v2", module: "github.com/nats-io/nats-server/v2" },
    otherwise: "install Go from https://go.dev/doc/install",
  },
  etcd: {
    atLeast: [3, 5, 0],
    why: "kube-apiserver asks for 3.5",
    kubebuilder: true,
    go: { package: "go.etcd.io/etcd/server/v3", module: "go.etcd.io/etcd/server/v3" },
    otherwise: "install Go from https://go.dev/doc/install",
  },
  "kube-apiserver": {
    atLeast: [1, 32, 0],
    why: "its audit log names the credential of a service account token since 1.32",
    kubebuilder: true,
    go: { package: "k8s.io/kubernetes/cmd/kube-apiserver", module: "k8s.io/kubernetes" },
    otherwise: "install Go from https://go.dev/doc/install",
  },
};

/** First `1.2.3` in what `--version` printed, as numbers; undefined when there is none. */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : match.slice(1, 4).map(Number);
}

/** Is `version` the same as `atLeast` or newer? */
export function isAtLeast(version, atLeast) {
  const at = version.findIndex((part, index) => part !== atLeast[index]);
  return at === -1 || version[at] > atLeast[at];
}

/** `redis-server` to `SEB_SERVER_REDIS_SERVER`, the variable that names a binary to use instead of looking for one. */
export function variableOf(name) {
  return `SEB_SERVER_${name.toUpperCase().replaceAll("-", "_")}`;
}
