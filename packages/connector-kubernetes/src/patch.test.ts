import { describe, expect, it } from "@jest/globals";
import type { Json } from "@seb/canonical";
import { readOperation } from "@seb/connector-kubernetes-language";
import { patchOf } from "./patch.js";
import { holds, preconditionOf, sightOf } from "./sight.js";

const CERT = `c_${"a".repeat(26)}`;
const IMAGE_AT = "/spec/template/spec/containers/@/image";
const object = (more: { readonly annotations?: Json; readonly containers?: Json } = {}): Json => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "checkout",
    uid: "u-1",
    resourceVersion: "7",
    managedFields: [{ a: "b" }],
    ...(more.annotations === undefined ? {} : { annotations: more.annotations }),
  },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: more.containers ?? [
          { name: "proxy", image: "p" },
          { name: "app", image: "old" },
        ],
      },
    },
  },
});

function operation(set: Readonly<Record<string, string | number>>) {
  const read = readOperation(
    {
      verb: "patch",
      api_version: "apps/v1",
      resource: "deployments",
      namespace: "shop",
      name: "checkout",
      container: "app",
      set,
    },
    "filled",
  );
  if (!read.ok || read.value.verb !== "patch") throw new Error("not a patch");
  return read.value;
}

function sight(of: Json) {
  const seen = sightOf(of);
  if (seen === undefined) throw new Error("not seen");
  return seen;
}

const certified = (pointers: readonly string[]) => ({ container: "app", pointers, matchVersion: false });

describe("a patch", () => {
  it("tests everything that is certified before it changes anything", () => {
    const steps = patchOf(
      sight(object({ annotations: { "seb.dev/certificate": "c_old" } })),
      certified([IMAGE_AT, "/spec/replicas"]),
      operation({ [IMAGE_AT]: "new" }),
      CERT,
    );
    expect(steps).toEqual({
      ok: true,
      value: [
        { op: "test", path: "/metadata/uid", value: "u-1" },
        { op: "test", path: "/spec/template/spec/containers/1/name", value: "app" },
        { op: "test", path: "/spec/template/spec/containers/1/image", value: "old" },
        { op: "test", path: "/spec/replicas", value: 3 },
        { op: "test", path: "/metadata/annotations/seb.dev~1certificate", value: "c_old" },
        { op: "replace", path: "/spec/template/spec/containers/1/image", value: "new" },
        { op: "replace", path: "/metadata/annotations/seb.dev~1certificate", value: CERT },
      ],
    });
  });

  it("makes the maps of texts that the API leaves out, once, and tests that they are not there", () => {
    const steps = patchOf(
      sight(object()),
      certified(["/metadata/annotations/a"]),
      operation({ "/metadata/annotations/a": "b" }),
      CERT,
    );
    expect(steps).toMatchObject({
      value: [
        { op: "test", path: "/metadata/uid" },
        { op: "test", path: "/metadata/annotations", value: null },
        { op: "add", path: "/metadata/annotations", value: {} },
        { op: "add", path: "/metadata/annotations/a", value: "b" },
        { op: "add", path: "/metadata/annotations/seb.dev~1certificate", value: CERT },
      ],
    });
  });

  it.each([
    ["structures that are not there", "/spec/strategy/rollingUpdate/maxSurge"],
    ["fields through a list", "/spec/template/spec/containers/1/image"],
    ["fields through a scalar", "/spec/replicas/x"],
  ])("does not write %s", (_title, pointer) => {
    expect(patchOf(sight(object()), certified([pointer]), operation({ [pointer]: 1 }), CERT)).toMatchObject({
      ok: false,
    });
  });

  it("does not write into a container that is not there, or there twice", () => {
    for (const containers of [[], [{ name: "app" }, { name: "app" }]])
      expect(
        patchOf(sight(object({ containers })), certified([IMAGE_AT]), operation({ [IMAGE_AT]: "x" }), CERT),
      ).toMatchObject({ ok: false });
  });
});

describe("a precondition", () => {
  const seen = sight(object());
  const made = preconditionOf(seen, certified([IMAGE_AT, "/spec/replicas"]));
  if (!made.ok) throw new Error("none");

  it("holds the uid, the marker, the container's place and every certified field", () => {
    expect(Object.keys(made.value).sort()).toEqual(
      ["container:app", `field:${IMAGE_AT}`, "field:/spec/replicas", "marker", "uid"].sort(),
    );
    expect(made.value).toMatchObject({ uid: "u-1", marker: "none", "container:app": "1" });
  });

  it.each<[string, Json]>([
    ["an image", object({ containers: [{ name: "proxy" }, { name: "app", image: "newer" }] })],
    ["a place", object({ containers: [{ name: "app", image: "old" }, { name: "proxy" }] })],
    ["a marker", object({ annotations: { "seb.dev/certificate": CERT } })],
    ["an odd marker", object({ annotations: { "seb.dev/certificate": "none" } })],
  ])("does not hold any more with another %s", (_title, now) => {
    expect(holds(sight(now), certified([IMAGE_AT, "/spec/replicas"]), made.value)).toBe(false);
  });

  it("still holds when something else changed", () => {
    expect(holds(sight(object({ annotations: { a: "b" } })), certified([IMAGE_AT, "/spec/replicas"]), made.value)).toBe(
      true,
    );
  });
});
