import { languageContract } from "@seb/connector-language/contract";
import { kubernetesLanguage } from "./index.js";

const DIGEST = `sha256:${"a".repeat(64)}`;
const IMAGE = "/spec/template/spec/containers/@/image";

languageContract(kubernetesLanguage, {
  plan: {
    operation: {
      verb: "patch",
      api_version: "apps/v1",
      resource: "deployments",
      namespace: "shop",
      name: "checkout",
      container: "app",
      set: { [IMAGE]: "registry.example/checkout@{{parameters.digest}}", "/spec/replicas": { $open: "replicas" } },
    },
    live: { paused: { at: "/spec/paused", show: true }, image: { at: IMAGE, show: true } },
    parameters: {
      replicas: { type: "integer", minimum: 1, maximum: 50, description: "" },
      digest: { type: "string", pattern: "^x$", max_length: 71, description: "" },
    },
    identity: "minted",
    reconcile: "exact",
  },
  precondition: {
    uid: "5a1b",
    marker: "none",
    "container:app": "1",
    [`field:${IMAGE}`]: DIGEST,
    "field:/spec/replicas": DIGEST,
    "field:/spec/paused": DIGEST,
  },
  target: {
    connector: "kubernetes",
    server: "https://kube.example:6443",
    ca_file: "/etc/ca.pem",
    client_cert_file: "/etc/broker.pem",
    client_key_file: "/etc/broker.key",
    executions_namespace: "seb-executions",
    audience: "https://kubernetes.default.svc",
    roles: { shop: { "patch deployments/checkout": "seb-x-rollout" } },
  },
});
